// What `lantern doctor` looks at. Each check says what it found and, when that is not well, what to do.
#pragma once

#include <string>
#include <vector>

#include "host/apps/instance.hpp"
#include "host/postgres/operate/inspection.hpp"

namespace lantern::apps {

struct Finding {
    enum class Level { ok, warning, problem } level = Level::ok;
    std::string subject;
    std::string found;
    std::string remedy;  // empty when ok
};

using Findings = std::vector<Finding>;

// Servers, as far as they answer; what the store holds; this machine; plugins and routing. Never throws Fault: a
// server that can't be asked is a finding. The configuration has been read by then.
Findings examine(const Instance& at, const Settings& settings, const Routing& routing);

}  // namespace lantern::apps
