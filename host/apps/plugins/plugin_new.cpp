#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "host/apps/plugins/plugin_templates.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/plugin_loading/json_reader.hpp"

namespace lantern::apps {
namespace {

// signups_per_day -> SignupsPerDay
std::string class_name(const std::string& name) {
    std::string out;
    bool upper = true;
    for (const char c : name) {
        if (c == '_') {
            upper = true;
        } else {
            out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
            upper = false;
        }
    }
    return out;
}

std::string filled_in(std::string text, const std::string& name) {
    const auto replace = [&](const std::string& mark, const std::string& with) {
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + with.size())) {
            text.replace(at, mark.size(), with);
        }
    };
    replace("@NAME@", name);
    replace("@CLASS@", class_name(name));
    return text;
}

int refuse(const std::string& why) {
    std::cerr << "lantern: " << why << "\n";
    return 1;
}

void print_next_steps(const NewPlugin& asked, const std::filesystem::path& project) {
    const std::string build = (project / "build").string();
    std::cout << "wrote " << project.string() << "\n\nbuild and test it:\n  cmake -S " << project.string() << " -B "
              << build << "  # -DCMAKE_PREFIX_PATH=... if the SDK is not installed in /usr\n  cmake --build "
              << build << "\n  ctest --test-dir " << build << "\nlook at it:\n  lantern plugin check " << build
              << "/" << asked.name << ".so\n";
    if (asked.kind == "projection") {
        std::cout << "  lantern plugin run " << build << "/" << asked.name << ".so --events "
                  << (project / "events.jsonl").string() << "\n";
    }
    std::cout << "run it: copy " << asked.name << ".so into the plugin directory";
    if (asked.kind == "projection" || asked.kind == "side_effect") std::cout << ", and route its events to it";
    std::cout << "\n";
}

}  // namespace

int new_plugin(const NewPlugin& asked) {
    namespace fs = std::filesystem;
    if (!plugin_loading::is_name(asked.name)) {
        return refuse("found the name \"" + asked.name + "\", expected " + std::string(plugin_loading::kNameRule));
    }
    const fs::path project = asked.into / asked.name;
    std::error_code code;
    fs::create_directories(project, code);
    if (code) return refuse(project.string() + ": " + code.message());
    if (!fs::is_empty(project, code)) {
        return refuse(project.string() +
                      ": found a directory with something in it, expected none or an empty one; "
                      "remedy: take another name, or another place with --into");
    }
    for (const auto& file : plugin_template(asked.kind)) {
        const fs::path path = project / filled_in(file.path, asked.name);
        std::ofstream out(path);
        out << filled_in(file.text, asked.name);
        out.close();
        if (!out) return refuse(path.string() + ": " + std::strerror(errno));
    }
    print_next_steps(asked, project);
    return 0;
}

}  // namespace lantern::apps
