#include "host/plugin_loading/directory.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "host/plugin_loading/json_reader.hpp"
#include "host/plugin_loading/loaded_library.hpp"
#include "host/plugin_loading/plugin_file.hpp"

namespace lantern::plugin_loading {

// What a file looked like when it was probed, and what was found.
struct Directory::Known {
    std::string signature;
    Found found;
};

namespace {

constexpr std::size_t kProbesAtOnceMax = 4;

std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code code;
    for (std::filesystem::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
        const auto& path = at->path();
        if (path.extension() == ".so" && path.filename().string()[0] != '.') files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    return files;
}

Found probed(const std::filesystem::path& file, const ProbeOptions& options) {
    auto description = probe(file, options);
    if (!description) return {file, std::nullopt, description.error()};
    return {file, std::move(description.value()), {}};
}

// Refuses all that share what must be unique.
template <class Name>
void refuse_twins(std::vector<Found>& found, const std::string& what, const std::string& remedy, const Name& name) {
    std::map<std::string, std::vector<Found*>> by_name;
    for (auto& each : found) {
        if (!each.description) continue;
        if (const std::string own = name(*each.description); !own.empty()) by_name[own].push_back(&each);
    }
    for (auto& [own, twins] : by_name) {
        if (twins.size() < 2) continue;
        for (auto* each : twins) {
            std::string others;
            for (const auto* other : twins) {
                if (other != each) others += (others.empty() ? "" : ", ") + other->file.string();
            }
            each->refusal = refusal(each->file, what + " " + own + ", which is also in " + others,
                                    "one file with it: which one is meant cannot be known", remedy);
        }
    }
    for (auto& each : found) {
        if (!each.refusal.empty()) each.description.reset();
    }
}

}  // namespace

std::string signature_of(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return {};
    std::string text;
    for (const auto part : {std::int64_t(status.st_dev), std::int64_t(status.st_ino), std::int64_t(status.st_size),
                            std::int64_t(status.st_mtim.tv_sec), std::int64_t(status.st_mtim.tv_nsec),
                            std::int64_t(status.st_ctim.tv_sec), std::int64_t(status.st_ctim.tv_nsec),
                            std::int64_t(status.st_uid), std::int64_t(status.st_mode)}) {
        text += std::to_string(part) + ":";
    }
    return text;
}

Directory::Directory(std::filesystem::path directory, ProbeOptions options)
    : directory_(std::move(directory)), options_(std::move(options)) {
    scan();
}

void Directory::scan() {
    scan([](const auto&, const auto&) { return true; });
}

void Directory::scan(const Settled& settled) {
    found_.clear();
    if (auto good = check_directory(directory_); !good) {
        known_.clear();
        found_.push_back({directory_, std::nullopt, good.error()});
        return;
    }
    // 1. What is new or changed.
    std::map<std::filesystem::path, std::shared_ptr<const Known>> now;
    std::vector<std::pair<std::filesystem::path, std::string>> fresh;
    for (const auto& file : libraries_in(directory_)) {
        const std::string signature = signature_of(file);
        const auto known = known_.find(file);
        const bool unchanged = known != known_.end() && known->second->signature == signature;
        if (unchanged || !settled(file, signature)) {
            if (known != known_.end()) now.emplace(file, known->second);
        } else {
            fresh.emplace_back(file, signature);
        }
    }
    // 2. Probe it, several at a time: one that hangs costs its deadline, not that of all others too.
    std::vector<Found> answers(fresh.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < std::min(fresh.size(), kProbesAtOnceMax); ++thread) {
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < fresh.size(); at = next++) {
                answers[at] = probed(fresh[at].first, options_);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    for (std::size_t at = 0; at < fresh.size(); ++at) {
        now[fresh[at].first] =
            std::make_shared<const Known>(Known{std::move(fresh[at].second), std::move(answers[at])});
    }
    known_ = std::move(now);
    // 3. What only shows when all are seen.
    for (const auto& [file, known] : known_) found_.push_back(known->found);
    refuse_twins(found_, "the plugin name", "remove all but one, or rename a plugin",
                 [](const Description& description) { return description.name; });
    refuse_twins(found_, "the aggregate type", "remove all but one, or give one another aggregate_type",
                 [](const Description& description) { return description.aggregate_type; });
}

std::vector<Description> Directory::descriptions() const {
    std::vector<Description> descriptions;
    for (const auto& each : found_)
        if (each.description) descriptions.push_back(*each.description);
    return descriptions;
}

const Description* Directory::find(const std::string& plugin) const {
    for (const auto& each : found_) {
        if (each.description && each.description->name == plugin) return &*each.description;
    }
    return nullptr;
}

std::string Directory::why_not(const std::string& plugin) const {
    std::vector<std::string_view> names;
    std::string listed;
    for (const auto& each : found_) {
        if (each.description) {
            names.push_back(each.description->name);
            listed += (listed.empty() ? "" : ", ") + each.description->name;
            continue;
        }
        const auto known = known_.find(each.file);
        const bool twin = known != known_.end() && known->second->found.description &&
                          known->second->found.description->name == plugin;
        const std::string stem = each.file.stem().string();
        if (twin || stem == plugin || stem == "lib" + plugin || each.file == directory_) return each.refusal;
    }
    const std::string suggestion = nearest(plugin, names);
    return refusal(
        directory_, "no plugin " + plugin + (listed.empty() ? "; it holds none" : "; it holds " + listed),
        "a library that describes itself as " + plugin,
        suggestion.empty() ? "put it there, or name another plugin" : "did you mean " + suggestion + "?");
}

Result<std::shared_ptr<const Library>> Directory::open(const std::string& plugin) const {
    const auto* description = find(plugin);
    if (!description) return failure(why_not(plugin));
    return open_copy({description->file, options_.copies / (description->build + ".so"), description->build});
}

std::vector<std::shared_ptr<const Library>> Directory::open_all(PluginKind kind) const {
    std::map<std::string, std::shared_ptr<const Library>> by_name;
    for (const auto& each : found_) {
        if (!each.description || each.description->kind != kind) continue;
        if (auto library = open(each.description->name)) by_name.emplace(each.description->name, library.value());
    }
    std::vector<std::shared_ptr<const Library>> libraries;
    for (auto& [name, library] : by_name) libraries.push_back(std::move(library));
    return libraries;
}

std::optional<std::string> Directory::try_settings(const Description& plugin,
                                                   const std::string& settings_json) const {
    auto options = options_;
    options.settings = settings_json;
    // The very bytes that are meant, whatever the file holds by now.
    const auto copy = copy_of(plugin.build);
    const auto answer = probe(copy, options);
    if (answer) return std::nullopt;
    auto why = answer.error();
    if (why.starts_with(copy.string())) why.replace(0, copy.string().size(), plugin.file);
    return why;
}

std::filesystem::path Directory::copy_of(const std::string& build) const {
    return options_.copies / (build + ".so");
}

Result<std::shared_ptr<const Library>> Directory::open_build(const std::string& build) const {
    for (const auto& each : found_) {
        if (each.description && each.description->build == build) return open(each.description->name);
    }
    const auto described = recall(build);
    if (!described) return failure(described.error());
    return open_copy({described.value().file, copy_of(build), build});
}

Result<Description> Directory::recall(const std::string& build) const {
    for (const auto& each : found_) {
        if (each.description && each.description->build == build) return *each.description;
    }
    return probe(copy_of(build), options_);
}

bool Directory::has_build(const std::string& build) const {
    const auto is = [&](const Found& each) { return each.description && each.description->build == build; };
    std::error_code code;
    return std::any_of(found_.begin(), found_.end(), is) || std::filesystem::exists(copy_of(build), code);
}

}  // namespace lantern::plugin_loading
