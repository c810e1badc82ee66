// The first run of a library, in a child process: it loads the private copy, checks version and description, and
// runs a self-test. Whatever happens there (crash, endless loop, exit) becomes a refusal here.
//
// On the wire: the child is `<command...> FILE`. On its standard input lies a JSON object {"file", "copy", "build",
// "settings"?}; on its standard output it writes lines `stage NAME` as it goes and at the end one line
// `ok JSON-STRING` (the raw description) or `refused JSON-STRING`. Standard error is kept for the refusal.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/result.hpp"

namespace lantern::plugin_loading {

struct ProbeOptions {
    std::filesystem::path copies;  // where private copies and remembered answers live
    // The program that runs the library, and its first arguments.
    std::vector<std::string> command = {"/proc/self/exe", "plugin", "probe"};
    std::chrono::milliseconds deadline{10'000};  // a host's live changes wait for it
    // Settings to create an object with. Nothing: `{}`, unless the settings schema demands members.
    std::optional<std::string> settings;
    // Take the answer of an earlier probe of the same bytes by the same program, when there is one.
    enum class Memory { use, ignore } memory = Memory::use;
};

// The description of the library, or the refusal.
Result<Description> probe(const std::filesystem::path& file, const ProbeOptions& options);

// The child's side: answers one probe and returns the exit code. Never run by a process that has other work: the
// library's code runs in it.
int answer_probe();

}  // namespace lantern::plugin_loading
