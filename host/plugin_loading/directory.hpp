// The plugin directory: every *.so in it is either a plugin or refused with a reason. Files that are not named *.so
// are none of ours. What was probed once is not probed again until the file changes.
#pragma once

#include <filesystem>
#include <functional>
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

// Changes with a file's content, owner and permissions. Empty: it is not there.
std::string signature_of(const std::filesystem::path& file);

class Directory {
public:
    Directory(std::filesystem::path directory, ProbeOptions options);

    // Looks at the directory again: probes what is new or changed, several at a time, each up to the deadline.
    // Two plugins with one name, or two aggregates of one type, are both refused: which of them is meant cannot
    // be known. Called by the constructor.
    void scan();
    // The same, but for files of which `settled` says that they are still being written: those stay as they were
    // seen last. `signature` changes with content, owner and permissions.
    using Settled = std::function<bool(const std::filesystem::path& file, const std::string& signature)>;
    void scan(const Settled& settled);

    // By file name. A directory that is missing or not to be trusted is one refusal that names it.
    const std::vector<Found>& found() const { return found_; }
    // Of all plugins, by file name.
    std::vector<Description> descriptions() const;
    // The plugin of that name; nullptr when there is none or it was refused.
    const Description* find(const std::string& plugin) const;
    // Why there is no such plugin: its refusal if a file of that name was refused, else what the directory holds.
    std::string why_not(const std::string& plugin) const;

    // Loads the very bytes that were probed.
    Result<std::shared_ptr<const Library>> open(const std::string& plugin) const;
    // A build that was probed at some time: its private copy is kept, whatever became of its file.
    Result<std::shared_ptr<const Library>> open_build(const std::string& build) const;
    Result<Description> recall(const std::string& build) const;
    // Whether its file or its private copy is there; asks neither.
    bool has_build(const std::string& build) const;
    // All plugins of a kind, by name.
    std::vector<std::shared_ptr<const Library>> open_all(PluginKind kind) const;

    // Creates and destroys an object with these settings in a child process. Nothing, or why it cannot be.
    std::optional<std::string> try_settings(const Description& plugin, const std::string& settings_json) const;

private:
    struct Known;

    std::filesystem::path copy_of(const std::string& build) const;

    std::filesystem::path directory_;
    ProbeOptions options_;
    std::map<std::filesystem::path, std::shared_ptr<const Known>> known_;  // by file, as of the last scan
    std::vector<Found> found_;
};

}  // namespace lantern::plugin_loading
