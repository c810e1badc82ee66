// Which routed handlers can run with the plugins that are there, and why the others cannot.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/core/settings.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/supervise/build_choice.hpp"

namespace lantern::apps {

struct Runnable {
    HandlerSettings handler;
    Description plugin;
};

struct Refused {
    HandlerName handler;
    std::string why;
};

struct HostPlan {
    std::vector<Runnable> runnable;
    std::vector<Refused> refused;  // they do not run
    // Of `runnable`: the build that ran before goes on, and why the newer does not; empty: it will.
    std::vector<Refused> held_back;
    std::vector<Runnable> quarantined;  // of `refused`: the build that is there, and none to go back to
};

class HostPlanner {
public:
    // The handler as it is registered; nothing: it is new.
    using Registered = std::function<std::optional<postgres::RegisteredHandler>(const HandlerName&)>;
    // Which build is to run instead of the installed one, if that is quarantined.
    using Choice = std::function<supervise::BuildChoice(const HandlerName&, const Description& installed)>;
    // The installed build declares a higher schema version: begins its rebuild. Why it will not take over then, or
    // nothing.
    using Rebuild = std::function<std::string(const HandlerName&, const Description& installed)>;

    HostPlan plan(const Routing& routing, const plugin_loading::Directory& plugins, const Registered& registered,
                  const Choice& choice, const Rebuild& rebuild);

private:
    std::string why_not(const HandlerSettings& handler, const Description& plugin,
                        const plugin_loading::Directory& plugins,
                        const std::optional<postgres::RegisteredHandler>& known);

    std::set<std::pair<std::string, std::string>> fits_;  // build and settings that were tried
};

}  // namespace lantern::apps
