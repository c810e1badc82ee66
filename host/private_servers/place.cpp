#include "host/private_servers/place.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <vector>

#include "host/core/fault.hpp"

namespace lantern::private_servers {
namespace {

constexpr int kFirstPort = 20'000;
constexpr int kPorts = 12'000;  // below 32 768, where outgoing connections begin

enum class Reserved { now, before, by_another };

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "private servers", why);
}

struct Owner {
    uid_t uid = 0;
    std::vector<gid_t> groups;
};

Owner owner_of(const std::string& user) {
    const passwd* entry = getpwnam(user.c_str());
    if (!entry) refuse("there is no user \"" + user + "\"; install the server's package");
    Owner owner{entry->pw_uid, std::vector<gid_t>(64)};
    int count = 64;
    getgrouplist(user.c_str(), entry->pw_gid, owner.groups.data(), &count);
    owner.groups.resize(std::clamp(count, 0, 64));
    return owner;
}

bool lets_through(const struct stat& directory, const Owner& owner) {
    if (directory.st_uid == owner.uid) return directory.st_mode & S_IXUSR;
    if (std::count(owner.groups.begin(), owner.groups.end(), directory.st_gid)) return directory.st_mode & S_IXGRP;
    return directory.st_mode & S_IXOTH;
}

void require_way(const std::filesystem::path& directory, const Owner& owner, const std::string& user) {
    for (auto parent = directory.parent_path(); !parent.empty(); parent = parent.parent_path()) {
        struct stat found {};
        if (stat(parent.c_str(), &found) != 0) refuse(parent.string() + ": " + std::strerror(errno));
        if (!lets_through(found, owner))
            refuse("user \"" + user + "\", which runs a private server when started as root, cannot pass " +
                   parent.string() + " on the way to " + directory.string() +
                   "; choose another --data directory, or run: chmod o+x " + parent.string());
        if (parent == parent.root_path()) break;
    }
}

std::uint64_t random_number() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) refuse("the kernel gives no random bytes");
    return number;
}

// By a name among sockets, which goes with this process.
Reserved reserve(int port) {
    static std::mutex mutex;
    static std::set<int> ours;
    const std::lock_guard lock(mutex);
    if (ours.contains(port)) return Reserved::before;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "lantern port " + std::to_string(port);
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // a zero first: no file
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const int held = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (held < 0 || bind(held, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        if (held >= 0) ::close(held);
        return Reserved::by_another;
    }
    ours.insert(port);
    return Reserved::now;
}

}  // namespace

std::string service_user(const std::string& wanted) {
    return geteuid() == 0 ? wanted : std::string{};
}

void own_directory(const std::filesystem::path& directory, const std::string& user) {
    std::filesystem::create_directories(directory.parent_path());
    if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST)
        refuse("cannot make " + directory.string() + ": " + std::strerror(errno));
    if (user.empty()) return;
    const Owner owner = owner_of(user);
    require_way(directory, owner, user);
    if (chown(directory.c_str(), owner.uid, owner.groups.at(0)) != 0)
        refuse("cannot give " + directory.string() + " to " + user + ": " + std::strerror(errno));
}

void write_private_file(const std::filesystem::path& file, const std::string& content, const std::string& user) {
    const std::string unfinished = file.string() + "." + std::to_string(getpid());
    ::unlink(unfinished.c_str());
    const int out = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) refuse("cannot write " + unfinished + ": " + std::strerror(errno));
    bool written = ::write(out, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    if (!user.empty()) {
        const Owner owner = owner_of(user);
        written = written && fchown(out, owner.uid, owner.groups.at(0)) == 0;
    }
    written = ::close(out) == 0 && written;
    if (!written || rename(unfinished.c_str(), file.c_str()) != 0)
        refuse("cannot write " + file.string() + ": " + std::strerror(errno));
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    while (!content.empty() && std::isspace(static_cast<unsigned char>(content.back()))) content.pop_back();
    return content;
}

std::string random_secret() {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random_number()),
                  static_cast<unsigned long long>(random_number()));
    return text;
}

std::string persistent_secret(const std::filesystem::path& file) {
    std::string secret = read_file(file);
    if (secret.empty()) {
        secret = random_secret();
        write_private_file(file, secret, {});
    }
    return secret;
}

bool port_is_free(int port) {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return free;
}

int free_port() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const int port = kFirstPort + static_cast<int>(random_number() % kPorts);
        if (port_is_free(port) && reserve(port) == Reserved::now) return port;
    }
    refuse("no free port between 20000 and 32000 on 127.0.0.1");
}

int persistent_port(const std::filesystem::path& file) {
    const std::string noted = read_file(file);
    const int before = noted.empty() ? 0 : std::atoi(noted.c_str());
    if (before > 0 && port_is_free(before) && reserve(before) != Reserved::by_another) return before;
    const int port = free_port();
    write_private_file(file, std::to_string(port), {});
    return port;
}

std::string tail(const std::filesystem::path& log) {
    constexpr std::size_t kTailBytes = 2000;
    const std::string content = read_file(log);
    return content.size() > kTailBytes ? content.substr(content.size() - kTailBytes) : content;
}

}  // namespace lantern::private_servers
