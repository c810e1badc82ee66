// Who runs `lantern dev` in a directory: the process that holds the lock on DIR/lock. The kernel says who it is and
// lets go of the lock when that process ends, however it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>

namespace lantern::apps {

class DevLock {
public:
    explicit DevLock(const std::filesystem::path& data);  // makes the file; the directory is there
    ~DevLock();
    DevLock(const DevLock&) = delete;
    DevLock& operator=(const DevLock&) = delete;

    // Ours until this process ends; false when another holds it.
    bool take();
    // The holder, if it is another process.
    std::optional<pid_t> holder() const;

private:
    int file_ = -1;
};

// False when it is still there after `wait`.
bool wait_for_end(pid_t pid, std::chrono::milliseconds wait);

}  // namespace lantern::apps
