// Which build of its plugin a handler is to run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::supervise {

struct BuildChoice {
    std::optional<std::string> build;  // nothing: none that may run
    bool restored = false;             // not the installed one, which is quarantined
    std::string why;                   // of a restored build, or of none
};

// The installed one, unless it is quarantined: then the one that ran last before it, is not quarantined, writes the
// same tables, and is still here.
//   known  all that is known of this handler's builds, the one that ran last first
//   here   whether this machine has a copy of a build
BuildChoice build_to_run(const Description& installed, const std::vector<KnownBuild>& known,
                         const std::function<bool(const std::string& build)>& here);

}  // namespace lantern::supervise
