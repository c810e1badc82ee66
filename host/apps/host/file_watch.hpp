// Files that may be edited or replaced while we run: tells when to look, and whether a file is whole. One that was
// renamed into place is, one that is written in place is a second after its last change. The kernel's notes make it
// quick; the slow poll beside them is what it rests upon (a link that is turned, a file system without notes).
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lantern::apps {

class FileWatch {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds kSettled{1000};
    static constexpr std::chrono::milliseconds kPoll{1000};

    explicit FileWatch(const std::vector<std::filesystem::path>& directories);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    // Until something moved in a directory, a file may have settled, the descriptor is readable, or kPoll has
    // passed.
    void wait(int descriptor);
    // `signature`: of the file as it is now. To be asked about each file that changed, after each wait.
    bool settled(const std::filesystem::path& file, const std::string& signature, Time now);

private:
    struct Seen {
        std::string signature;
        Time since{};
        bool placed = false;
    };
    void read_notes();

    int notes_ = -1;
    std::map<int, std::filesystem::path> directories_;  // by watch
    std::map<std::filesystem::path, Seen> seen_;
    std::map<std::filesystem::path, bool> placed_;  // by the notes of the last wait: whether renamed into place
    bool unsettled_ = false;
};

}  // namespace lantern::apps
