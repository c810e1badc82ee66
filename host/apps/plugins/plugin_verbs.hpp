// lantern plugin ...: what a plugin author and an operator ask of single plugins. One file for each verb.
#pragma once

#include <filesystem>
#include <string>

#include "host/apps/instance.hpp"
#include "host/core/result.hpp"
#include "host/plugin_loading/probe.hpp"

namespace lantern::apps {

plugin_loading::ProbeOptions probe_options(const Instance& at);

// 1 when the directory holds refused files, else 0.
int list_plugins(const Instance& at, bool as_json);
// 0, or 1 with the refusal on standard error.
int check_plugin(const Instance& at, const std::filesystem::path& file, bool as_json);

struct NewPlugin {
    std::string name;
    std::string kind;            // projection, side_effect, aggregate, schema
    std::filesystem::path into;  // the project becomes into/name
};
// Writes a project that builds and passes its test; refuses to write into a directory that has something in it.
int new_plugin(const NewPlugin& asked);

struct PluginRun {
    std::filesystem::path file;
    std::filesystem::path events;
    std::string settings = "{}";
    bool as_json = false;
};
// Feeds the events to a projection and shows the rows that it would write. 1 when an event failed.
int run_plugin(const Instance& at, const PluginRun& asked);

}  // namespace lantern::apps
