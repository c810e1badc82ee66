#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "post.hpp"

namespace mail {
namespace {

using lantern::Outcome;

class FolderPost final : public Post {
public:
    explicit FolderPost(std::filesystem::path folder) : folder_(std::move(folder)) {
        std::filesystem::create_directories(folder_);
    }

    // 1. Write beside. 2. Bring to disk. 3. Rename over the name.
    Outcome send(const Message& message, std::chrono::milliseconds) override {
        const std::filesystem::path name = folder_ / (message.key + ".eml");
        const std::filesystem::path part = folder_ / ("." + message.key + "." + std::to_string(getpid()) + ".part");
        if (const int error = write(part, bytes_of(message))) {
            unlink(part.c_str());
            return Outcome::unavailable("folder", part.string() + ": " + std::generic_category().message(error));
        }
        if (rename(part.c_str(), name.c_str()) != 0)
            return Outcome::unavailable("folder", name.string() + ": " + std::generic_category().message(errno));
        return Outcome::applied();
    }

private:
    // 0, or errno.
    static int write(const std::filesystem::path& path, std::string_view bytes) {
        const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (file < 0) return errno;
        int error = 0;
        while (!bytes.empty() && error == 0) {
            const ssize_t written = ::write(file, bytes.data(), bytes.size());
            if (written >= 0)
                bytes.remove_prefix(static_cast<std::size_t>(written));
            else if (errno != EINTR)
                error = errno;
        }
        if (error == 0 && fsync(file) != 0) error = errno;
        if (close(file) != 0 && error == 0) error = errno;
        return error;
    }

    const std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<Post> folder_post(std::filesystem::path folder) {
    return std::make_unique<FolderPost>(std::move(folder));
}

}  // namespace mail
