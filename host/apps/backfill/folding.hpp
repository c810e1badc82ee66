// What the history of a handler is folded with: its plugin, settings and routes, as they are in force.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/apps/instance.hpp"
#include "host/core/description.hpp"
#include "host/plugin_loading/library.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/tables/handler_schema.hpp"
#include "host/worker/projection_applier.hpp"

namespace lantern::apps {

// What events are folded with.
struct Folding {
    Settings settings;
    HandlerSettings handler;
    postgres::RegisteredHandler registered;
    std::shared_ptr<const plugin_loading::Library> library;  // shared with what is made from it
    std::shared_ptr<plugin_loading::Upcasters> upcasters;
    Routes routes;     // from the first event on
    std::string with;  // what processes of one job don't differ in: routes and settings

    const Description& plugin() const { return library->description(); }
    std::unique_ptr<worker::Projection> make_object() const;
    postgres::HandlerSchema schema(const std::string& beside) const {
        return {handler.name, registered.id, plugin().tables, beside};
    }
    std::string beside() const {
        return handler.name.value + "@" + std::to_string(registered.generation.value + 1);
    }
    std::string kept() const { return handler.name.value + "@" + std::to_string(registered.generation.value); }
};

// By the applied routing. `build`: empty, the one in the plugin directory. Fault of kind configuration when the
// handler can't be folded, and why; of kind outage when that build is not on this machine.
Folding folding_of(const Instance& at, const HandlerName& handler, const std::string& build = {});

// What folding_of would fold with now.
std::string in_force(postgres::Catalog& catalog, const Settings& settings, const HandlerName& handler,
                     const Routes& routes);

// By the build that writes the live tables, though another one may be installed (a rollback, a rebuild that
// failed).
Folding live_folding_of(const Instance& at, const HandlerName& handler);

// By the applied routing: the handlers that have tables.
std::vector<HandlerName> routed_projections(const Instance& at);

}  // namespace lantern::apps
