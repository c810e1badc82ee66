#include "tests/integration/plugin_loading/zoo_fixture.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace lantern::test {

namespace fs = std::filesystem;

fs::path zoo_library(const std::string& name) {
    return fs::path(LANTERN_ZOO) / (name + ".so");
}

Zoo::Zoo() {
    std::string pattern = (fs::temp_directory_path() / "lantern-zoo-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(plugins());
    fs::permissions(plugins(), fs::perms::owner_all);
}

Zoo::~Zoo() {
    fs::remove_all(root_);
}

fs::path Zoo::put(const std::string& name, const std::string& as) {
    const auto file = plugins() / ((as.empty() ? name : as) + ".so");
    fs::copy_file(zoo_library(name), file);
    fs::permissions(file, fs::perms::owner_all);
    return file;
}

fs::path Zoo::put_text(const std::string& file, const std::string& text) {
    const auto path = plugins() / file;
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms::owner_all);
    return path;
}

plugin_loading::ProbeOptions Zoo::options() const {
    plugin_loading::ProbeOptions options;
    options.copies = copies();
    options.command = {LANTERN_PROBE_CHILD};
    options.deadline = std::chrono::seconds(20);  // for who waits for a processor
    return options;
}

std::string refusal_of(const plugin_loading::Directory& directory, const std::string& file) {
    for (const auto& each : directory.found()) {
        if (each.file.filename() == file) return each.refusal;
    }
    return "the directory does not list " + file;
}

}  // namespace lantern::test
