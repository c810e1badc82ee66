// lantern routes ...: the routing file before it is applied, and the routing revisions.
#pragma once

#include <filesystem>
#include <string>

#include "host/apps/instance.hpp"
#include "host/settings/problem.hpp"

namespace lantern::apps {

inline constexpr int kRefused = 1;

// Prints them, in the order of their places.
int refuse(settings::Problems problems);

// What the file (empty: the one that lantern.yaml names) would do. 1 when it would be refused.
int plan_routes(const Instance& at, std::filesystem::path file, bool as_json);
int show_history(const Instance& at, bool as_json);
// The text of a revision; 0: of the one in force.
int show_routes(const Instance& at, std::int64_t number);
// Makes the file the next revision, whatever it was an edit of.
int apply_routes(const Instance& at, std::filesystem::path file);
int revert_routes(const Instance& at, std::int64_t number, const std::string& reason);

}  // namespace lantern::apps
