// How this room says no: always the file, what was found, what was expected, and the remedy.
#pragma once

#include <filesystem>
#include <string>

namespace lantern::plugin_loading {

inline std::string refusal(const std::filesystem::path& file, const std::string& found, const std::string& expected,
                           const std::string& remedy) {
    return file.string() + ": found " + found + "; expected " + expected + "; remedy: " + remedy;
}

}  // namespace lantern::plugin_loading
