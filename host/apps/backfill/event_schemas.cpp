#include "host/apps/backfill/event_schemas.hpp"

#include "host/core/fault.hpp"

namespace lantern::apps {

schemas::EventSchemas event_schemas(const Settings& settings, const std::string& verb) {
    auto loaded = schemas::EventSchemas::load(settings.schema_directory);
    if (loaded) return std::move(loaded.value());
    std::string problems;
    for (const auto& problem : loaded.error()) problems += "\n  " + problem;
    throw Fault(FaultKind::configuration, verb, "event schemas can't be used:" + problems);
}

}  // namespace lantern::apps
