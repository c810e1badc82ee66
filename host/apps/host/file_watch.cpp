#include "host/apps/host/file_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace lantern::apps {

FileWatch::FileWatch(const std::vector<std::filesystem::path>& directories)
    : notes_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    for (const auto& directory : directories) {
        const int watch = inotify_add_watch(notes_, directory.c_str(),
                                            IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | IN_DELETE | IN_ATTRIB);
        if (watch >= 0) directories_[watch] = directory;
    }
}

FileWatch::~FileWatch() {
    if (notes_ >= 0) ::close(notes_);
}

void FileWatch::wait(int descriptor) {
    std::array<pollfd, 2> wanted{{{descriptor, POLLIN, 0}, {notes_, POLLIN, 0}}};
    constexpr std::chrono::milliseconds kSoon{200};
    poll(wanted.data(), wanted.size(), static_cast<int>((unsettled_ ? kSoon : kPoll).count()));
    unsettled_ = false;
    placed_.clear();
    read_notes();
}

void FileWatch::read_notes() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    for (;;) {
        const auto count = ::read(notes_, buffer.data(), buffer.size());
        if (count <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event note;
            std::memcpy(&note, buffer.data() + at, sizeof note);
            const std::string name = note.len > 0 ? buffer.data() + at + sizeof note : "";
            at += sizeof note + note.len;
            const auto directory = directories_.find(note.wd);
            if (name.empty() || directory == directories_.end()) continue;
            // Whoever writes into it afterwards makes it unsettled again.
            placed_[directory->second / name] = (note.mask & IN_MOVED_TO) != 0;
        }
    }
}

bool FileWatch::settled(const std::filesystem::path& file, const std::string& signature, Time now) {
    Seen& seen = seen_.try_emplace(file, Seen{signature, now, false}).first->second;
    if (seen.signature != signature) seen = {signature, now, false};
    if (const auto placed = placed_.find(file); placed != placed_.end()) seen.placed = placed->second;
    const bool whole = seen.placed || now - seen.since >= kSettled;
    unsettled_ = unsettled_ || !whole;
    return whole;
}

}  // namespace lantern::apps
