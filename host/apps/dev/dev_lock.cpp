#include "host/apps/dev/dev_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

DevLock::DevLock(const std::filesystem::path& data) {
    const auto path = data / "lock";
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0)
        throw Fault(FaultKind::configuration, "dev", "cannot write " + path.string() + ": " + std::strerror(errno));
}

DevLock::~DevLock() {
    ::close(file_);
}

bool DevLock::take() {
    auto lock = whole_file(F_WRLCK);
    return fcntl(file_, F_SETLK, &lock) == 0;
}

std::optional<pid_t> DevLock::holder() const {
    auto lock = whole_file(F_WRLCK);
    if (fcntl(file_, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_pid;
}

bool wait_for_end(pid_t pid, std::chrono::milliseconds wait) {
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return true;
    pollfd ended{process, POLLIN, 0};
    const bool gone = poll(&ended, 1, static_cast<int>(wait.count())) > 0;
    ::close(process);
    return gone;
}

}  // namespace lantern::apps
