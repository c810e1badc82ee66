// A file as it is found in the plugin directory, before any of its code runs: who owns it, what it is, and its
// private copy, which is what gets loaded. Overwriting the file in place then harms nobody.
//
// On disk: the copies' directory has mode 0700; in it lie `<hash>.so`, mode 0500, put there by rename, and
// `<hash>.answer`, what the probe said of it (probe.cpp).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/core/result.hpp"
#include "host/plugin_loading/refusal.hpp"

namespace lantern::plugin_loading {

// Owned by root or the running user and not writable by group or others, and a directory.
Result<void> check_directory(const std::filesystem::path& directory);

// Makes the copies' directory (mode 0700) if it is missing, and refuses one that others could have written to.
Result<void> prepare_copies(const std::filesystem::path& copies);

struct PluginFile {
    std::filesystem::path file;  // as found
    std::filesystem::path copy;
    std::string build;  // hash of the content, hex
};

// Checks owner, permissions of file and directory, and the format, then makes the private copy. `copies` exists.
Result<PluginFile> take_copy(const std::filesystem::path& file, const std::filesystem::path& copies);

// Nothing loaded from it, format only: an ELF shared object for this machine, with nothing cut off.
Result<void> check_format(const std::filesystem::path& file, std::string_view bytes);

// The whole file; the refusal names it.
Result<std::string> read_whole(const std::filesystem::path& file);
// By rename, so that a reader sees all of it or nothing.
Result<void> write_whole(const std::filesystem::path& file, std::string_view bytes, unsigned mode);

}  // namespace lantern::plugin_loading
