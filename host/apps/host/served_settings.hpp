// What an api process reads when it starts: lantern.yaml and the schemas. Once these are edited, whole and
// without a problem, there is another edition of the api. What is refused leaves the last good edition.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/apps/host/file_watch.hpp"
#include "host/apps/instance.hpp"

namespace lantern::apps {

class ServedSettings {
public:
    // With what the host itself has read.
    ServedSettings(Instance at, const Settings& settings);

    std::vector<std::filesystem::path> directories() const;
    // Whether there is another edition. To be asked after each wait of `watch`.
    bool look(FileWatch& watch);
    // Names the contents of the files.
    const std::string& edition() const { return edition_; }
    const std::string& problem() const { return problem_; }  // empty: what is there is served

private:
    // Nothing: a file is still being written.
    std::string signature(FileWatch& watch) const;
    std::string contents() const;
    std::string refused();

    const Instance at_;
    const std::filesystem::path file_, schemas_;
    std::set<std::filesystem::path> requests_;
    std::string signature_, edition_, problem_;
};

}  // namespace lantern::apps
