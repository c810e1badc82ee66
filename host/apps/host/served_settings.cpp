#include "host/apps/host/served_settings.hpp"

#include <algorithm>

#include "host/apps/serve/served_schemas.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/file_hash.hpp"
#include "host/private_servers/place.hpp"

namespace lantern::apps {
namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& settings,
                                            const std::filesystem::path& schemas,
                                            const std::set<std::filesystem::path>& requests) {
    std::vector<std::filesystem::path> files(requests.begin(), requests.end());
    std::error_code gone;
    for (std::filesystem::recursive_directory_iterator entry(schemas, gone), end; !gone && entry != end;
         entry.increment(gone))
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    std::sort(files.begin(), files.end());
    files.push_back(settings);
    return files;
}

std::set<std::filesystem::path> requests_of(const Settings& settings) {
    std::set<std::filesystem::path> files;
    for (const auto& route : settings.http.commands)
        if (!route.request_schema.empty()) files.insert(route.request_schema);
    return files;
}

}  // namespace

ServedSettings::ServedSettings(Instance at, const Settings& settings)
    : at_(std::move(at)),
      file_(settings.file),
      schemas_(settings.schema_directory),
      requests_(requests_of(settings)),
      edition_(contents()) {}

std::vector<std::filesystem::path> ServedSettings::directories() const {
    std::set<std::filesystem::path> directories{file_.parent_path(), schemas_};
    for (const auto& file : requests_) directories.insert(file.parent_path());
    return {directories.begin(), directories.end()};
}

bool ServedSettings::look(FileWatch& watch) {
    const auto now = signature(watch);
    if (now.empty() || now == signature_) return false;
    signature_ = now;
    problem_ = refused();
    if (!problem_.empty()) return false;
    const auto before = std::exchange(edition_, contents());
    return edition_ != before;
}

std::string ServedSettings::signature(FileWatch& watch) const {
    std::string all;
    bool settled = true;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& file : files_of(file_, schemas_, requests_)) {
        const auto one = plugin_loading::signature_of(file);
        settled = watch.settled(file, one, now) && settled;
        all += file.string() + " " + one + "\n";
    }
    return settled ? all : std::string();
}

std::string ServedSettings::contents() const {
    std::string all;
    for (const auto& file : files_of(file_, schemas_, requests_))
        all += file.filename().string() + '\0' + private_servers::read_file(file) + '\0';
    return plugin_loading::hex_hash(all);
}

std::string ServedSettings::refused() {
    std::string problems;
    try {
        const auto settings = at_.settings();
        requests_ = requests_of(settings);
        if (const auto loaded = read_schemas(settings); !loaded)
            for (const auto& problem : loaded.error()) problems += (problems.empty() ? "" : "\n") + problem;
    } catch (const Fault& fault) {
        return fault.what();
    }
    return problems;
}

}  // namespace lantern::apps
