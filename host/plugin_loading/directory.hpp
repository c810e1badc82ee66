// The plugin directory: every *.so in it is either a plugin or refused with a reason. Files that are not named *.so
// are none of ours. What was probed once is not probed again until the file changes.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin_loading/library.hpp"
#include "host/plugin_loading/probe.hpp"

namespace lantern::plugin_loading {

// One file of the directory. Exactly one of the two is set.
struct Found {
    std::filesystem::path file;
    std::optional<Description> description;
    std::string refusal;
};

class Directory {
public:
    Directory(std::filesystem::path directory, ProbeOptions options);

    // Looks at the directory again: probes what is new or changed, several at a time, each up to the deadline.
    // Two plugins with one name, or two aggregates of one type, are both refused: which of them is meant cannot
    // be known. Called by the constructor.
    void scan();

    // By file name. A directory that is missing or not to be trusted is one refusal that names it.
    const std::vector<Found>& found() const { return found_; }
    // The plugin of that name; nullptr when there is none or it was refused.
    const Description* find(const std::string& plugin) const;
    // Why there is no such plugin: its refusal if a file of that name was refused, else what the directory holds.
    std::string why_not(const std::string& plugin) const;

    // Loads the very bytes that were probed.
    Result<std::shared_ptr<const Library>> open(const std::string& plugin) const;
    // All plugins of a kind, by name.
    std::vector<std::shared_ptr<const Library>> open_all(PluginKind kind) const;

    // Creates and destroys an object with these settings in a child process. Nothing, or why it cannot be.
    std::optional<std::string> try_settings(const std::string& plugin, const std::string& settings_json) const;

private:
    struct Known;

    std::filesystem::path directory_;
    ProbeOptions options_;
    std::map<std::filesystem::path, std::shared_ptr<const Known>> known_;  // by file, as of the last scan
    std::vector<Found> found_;
};

}  // namespace lantern::plugin_loading
