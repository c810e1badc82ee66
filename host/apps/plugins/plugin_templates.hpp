// The files of a new plugin's project. @NAME@ is the plugin's name, @CLASS@ its class.
#pragma once

#include <string>
#include <vector>

namespace lantern::apps {

struct TemplateFile {
    std::string path;
    std::string text;
};

// Empty for an unknown kind.
std::vector<TemplateFile> plugin_template(const std::string& kind);

}  // namespace lantern::apps
