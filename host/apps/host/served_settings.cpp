#include "host/apps/host/served_settings.hpp"

#include <algorithm>
#include <utility>

#include "host/apps/serve/served_schemas.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/file_hash.hpp"
#include "host/private_servers/place.hpp"

namespace lantern::apps {
namespace {

std::vector<std::filesystem::path> files_of(const Settings& settings) {
    std::vector<std::filesystem::path> files{settings.file};
    std::error_code gone;
    for (std::filesystem::directory_iterator entry(settings.schema_directory, gone), end; !gone && entry != end;
         entry.increment(gone))
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    for (const auto& route : settings.http.commands)
        if (!route.request_schema.empty()) files.push_back(route.request_schema);
    std::sort(files.begin(), files.end());
    return files;
}

std::string contents_of(const Settings& settings) {
    std::string all;
    for (const auto& file : files_of(settings))
        all += file.string() + '\0' + private_servers::read_file(file) + '\0';
    return plugin_loading::hex_hash(all);
}

}  // namespace

ServedSettings::ServedSettings(Instance at, Settings settings)
    : at_(std::move(at)), settings_(std::move(settings)), edition_(contents_of(settings_)) {}

std::vector<std::filesystem::path> ServedSettings::directories() const {
    std::vector<std::filesystem::path> directories{settings_.schema_directory};
    for (const auto& file : files_of(settings_)) directories.push_back(file.parent_path());
    std::sort(directories.begin(), directories.end());
    directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
    return directories;
}

bool ServedSettings::look(FileWatch& watch) {
    const auto now = signature(watch);
    if (now.empty() || now == signature_) return false;
    signature_ = now;
    const auto before = edition_;
    read();
    return edition_ != before;
}

std::string ServedSettings::signature(FileWatch& watch) const {
    std::string all;
    bool settled = true;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& file : files_of(settings_)) {
        const auto one = plugin_loading::signature_of(file);
        settled = watch.settled(file, one, now) && settled;
        all += file.string() + " " + one + "\n";
    }
    return settled ? all : std::string();
}

void ServedSettings::read() {
    problem_.clear();
    try {
        auto next = at_.settings();
        if (const auto schemas = read_schemas(next); !schemas) {
            for (const auto& one : schemas.error()) problem_ += (problem_.empty() ? "" : "\n") + one;
            return;
        }
        edition_ = contents_of(next);
        settings_ = std::move(next);
    } catch (const Fault& fault) {
        problem_ = fault.what();
    }
}

}  // namespace lantern::apps
