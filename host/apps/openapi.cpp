// lantern openapi: the description that the api gives out, without any server.
#include <iostream>

#include "host/apps/serve/api_description.hpp"
#include "host/apps/verbs.hpp"
#include "host/plugin_loading/directory.hpp"

namespace lantern::apps {
namespace {

int print_description(const Instance& at) {
    const auto settings = at.settings();
    const auto routing = at.routing();
    plugin_loading::ProbeOptions probing;
    probing.copies = at.cache_directory();
    const plugin_loading::Directory directory(settings.plugin_directory, std::move(probing));
    for (const auto& found : directory.found())
        if (!found.refusal.empty()) std::cerr << "lantern: plugin refused: " << found.refusal << "\n";
    DeclaredTables tables;
    for (const auto& handler : routing.handlers)
        if (const auto* plugin = directory.find(handler.plugin)) tables[handler.name.value] = plugin->tables;
    std::cout << api_description(settings, load_schemas(settings), directory.descriptions(), tables) << "\n";
    return 0;
}

}  // namespace

void add_openapi(Verbs& verbs) {
    verbs.add("openapi", "print the OpenAPI description of the HTTP API", print_description);
}

}  // namespace lantern::apps
