// What an api process reads when it starts: lantern.yaml and the schemas that it names. Once these are edited,
// whole and without a problem, there is another edition of the api. What is refused leaves the last good edition.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/apps/host/file_watch.hpp"
#include "host/apps/instance.hpp"

namespace lantern::apps {

class ServedSettings {
public:
    // With what the host itself has read.
    ServedSettings(Instance at, Settings settings);

    std::vector<std::filesystem::path> directories() const;
    // Whether there is another edition. To be asked after each wait of `watch`.
    bool look(FileWatch& watch);
    // Names the contents of the files.
    const std::string& edition() const { return edition_; }
    const std::string& problem() const { return problem_; }  // empty: what is there is served

private:
    // Empty: a file is still being written.
    std::string signature(FileWatch& watch) const;
    // Takes the files as they are, unless there is a problem with them.
    void read();

    const Instance at_;
    Settings settings_;  // the last good ones
    std::string signature_, edition_, problem_;
};

}  // namespace lantern::apps
