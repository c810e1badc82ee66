#include "tests/support/servers.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"

namespace lantern::test {
namespace {

using private_servers::PrivatePostgres;
using private_servers::PrivateRabbit;

constexpr int kVhosts = 64;  // made at start: making one later takes a slow command
constexpr const char* kPrefix = "lantern-test-";

// What tests that crashed could not remove.
void remove_abandoned(const std::filesystem::path& in) {
    for (const auto& entry : std::filesystem::directory_iterator(in)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(kPrefix)) continue;
        const pid_t owner = std::atoi(name.c_str() + std::string(kPrefix).size());
        std::error_code ignored;
        if (owner > 0 && kill(owner, 0) != 0) std::filesystem::remove_all(entry.path(), ignored);
    }
}

// Everything of this test process lies in one directory.
struct Root {
    std::filesystem::path path;
    Root() {
        const std::filesystem::path temporary = "/tmp";
        remove_abandoned(temporary);
        path = temporary / (kPrefix + std::to_string(getpid()));
        std::filesystem::create_directory(path);
        chmod(path.c_str(), 0755);
    }
    ~Root() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

const std::filesystem::path& root() {
    static Root only;
    return only.path;
}

std::vector<std::string> vhosts() {
    std::vector<std::string> names;
    for (int number = 0; number < kVhosts; ++number) names.push_back("v" + std::to_string(number));
    return names;
}

}  // namespace

PrivatePostgres& postgres() {
    static PrivatePostgres only({.directory = root() / "postgres",
                                 .durability = private_servers::Durability::none,
                                 .connections_max = 300});
    static const bool started = (only.start(), true);
    (void)started;
    return only;
}

PrivateRabbit& rabbit() {
    static PrivateRabbit only(
        {.directory = root() / "rabbit", .vhosts = vhosts(), .durability = private_servers::Durability::none});
    static const bool started = (only.start(), true);
    (void)started;
    return only;
}

void stop_and_wipe_rabbit() {
    rabbit().stop();
    std::filesystem::remove_all(root() / "rabbit" / "data");
}

std::string fresh_database() {
    static int made = 0;
    const std::string name = "test" + std::to_string(++made);
    postgres().create_database(name);
    return postgres().url(name);
}

std::string fresh_vhost() {
    static int given = 0;
    if (given == kVhosts) throw std::logic_error("more vhosts asked for than tests/support makes: raise kVhosts");
    return rabbit().url("v" + std::to_string(given++));
}

std::filesystem::path fresh_directory() {
    static int made = 0;
    const auto path = root() / ("d" + std::to_string(++made));
    std::filesystem::create_directory(path);
    chmod(path.c_str(), 0755);
    return path;
}

}  // namespace lantern::test
