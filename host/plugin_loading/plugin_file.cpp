#include "host/plugin_loading/plugin_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include "host/plugin_loading/file_hash.hpp"

namespace lantern::plugin_loading {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

std::string reason(int error) {
    return std::strerror(error);
}

std::string octal(mode_t mode) {
    std::string text;
    for (int shift = 9; shift >= 0; shift -= 3) text.push_back(static_cast<char>('0' + ((mode >> shift) & 7)));
    return text;
}

// What is wrong with owner and permissions; empty when nothing is.
std::string distrust(const std::filesystem::path& path, const struct stat& status, const std::string& what) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return refusal(path, what + " owned by user " + std::to_string(status.st_uid),
                       "an owner that is root or the running user (" + std::to_string(::geteuid()) + ")",
                       "chown it to one of them, if you trust it");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refusal(path,
                       what + " writable by " + ((status.st_mode & S_IWOTH) ? "others" : "its group") + " (mode " +
                           octal(status.st_mode) + ")",
                       "writable by its owner alone, since whoever can write it decides what Lantern runs",
                       "chmod go-w " + path.string());
    }
    return {};
}

Result<std::string> read_all(int fd, const std::filesystem::path& file) {
    std::string bytes;
    char buffer[1 << 16];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return failure(refusal(file, "a file that cannot be read (" + reason(errno) + ")", "a readable file",
                                   "look at the file system"));
        }
        if (got == 0) break;
        bytes.append(buffer, static_cast<std::size_t>(got));
        if (bytes.size() > kFileBytesMax) {
            return failure(refusal(file, "more than 1 GiB", "a shared library of at most 1 GiB", "strip it"));
        }
    }
    return boost::outcome_v2::success(std::move(bytes));
}

}  // namespace

Result<void> check_directory(const std::filesystem::path& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        return failure(refusal(directory, reason(errno), "the plugin directory",
                               "create it, or set plugins.directory in lantern.yaml"));
    }
    if (!S_ISDIR(status.st_mode)) {
        return failure(refusal(directory, "something that is no directory", "the plugin directory",
                               "set plugins.directory in lantern.yaml"));
    }
    if (auto bad = distrust(directory, status, "a directory"); !bad.empty()) return failure(std::move(bad));
    return boost::outcome_v2::success();
}

Result<void> prepare_copies(const std::filesystem::path& copies) {
    std::error_code code;
    if (!std::filesystem::exists(copies, code)) {
        std::filesystem::create_directories(copies.parent_path(), code);
        if (::mkdir(copies.c_str(), 0700) != 0 && errno != EEXIST) {
            return failure(refusal(copies, reason(errno), "a directory for private copies of plugins",
                                   "make its parent writable for the running user"));
        }
    }
    struct stat status {};
    if (::stat(copies.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return failure(refusal(copies, "something that is no directory",
                               "a directory for private copies of plugins", "move it away"));
    }
    if (auto bad = distrust(copies, status, "a directory"); !bad.empty()) return failure(std::move(bad));
    return boost::outcome_v2::success();
}

Result<std::string> read_whole(const std::filesystem::path& file) {
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (in.get() < 0) return failure(file.string() + ": " + reason(errno));
    return read_all(in.get(), file);
}

Result<void> write_whole(const std::filesystem::path& file, std::string_view bytes, unsigned mode) {
    static std::atomic<unsigned> number{0};
    const std::filesystem::path fresh =
        file.parent_path() / ("." + file.filename().string() + "." + std::to_string(::getpid()) + "." +
                              std::to_string(number.fetch_add(1)));
    int error = 0;
    {
        const Descriptor out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (out.get() < 0) return failure(fresh.string() + ": " + reason(errno));
        while (!bytes.empty() && error == 0) {
            const ssize_t put = ::write(out.get(), bytes.data(), bytes.size());
            if (put >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(put));
            } else if (errno != EINTR) {
                error = errno;
            }
        }
        if (error == 0 && ::fchmod(out.get(), mode) != 0) error = errno;
    }
    if (error == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(fresh.c_str());
        return failure(file.string() + ": " + reason(error));
    }
    return boost::outcome_v2::success();
}

Result<PluginFile> take_copy(const std::filesystem::path& file, const std::filesystem::path& copies) {
    const auto parent = file.parent_path();
    if (auto good = check_directory(parent.empty() ? "." : parent); !good) return failure(good.error());
    const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (in.get() < 0) {
        return failure(refusal(file, "a file that cannot be opened (" + reason(errno) + ")", "a shared library",
                               "look at its path and permissions"));
    }
    // 1. Look at what was opened, not at the path: it may be another file by now.
    struct stat status {};
    if (::fstat(in.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return failure(refusal(file, "something that is no regular file", "a shared library", "move it away"));
    }
    if (auto bad = distrust(file, status, "a file"); !bad.empty()) return failure(std::move(bad));
    // 2. Read once: what is checked, hashed and copied are the same bytes.
    auto bytes = read_all(in.get(), file);
    if (!bytes) return failure(bytes.error());
    if (auto good = check_format(file, bytes.value()); !good) return failure(good.error());
    PluginFile taken{file, {}, hex_hash(bytes.value())};
    taken.copy = copies / (taken.build + ".so");
    // 3. A copy that is there already is believed only if it holds these bytes.
    const auto present = read_whole(taken.copy);
    if (present && present.value() == bytes.value()) return taken;
    if (auto written = write_whole(taken.copy, bytes.value(), 0500); !written) {
        return failure(refusal(file, "no room for its private copy (" + written.error() + ")",
                               "a writable directory " + copies.string(), "look at the file system"));
    }
    return taken;
}

}  // namespace lantern::plugin_loading
