// The OpenAPI description of this installation: what its settings, plugins and schemas say, and the tables that
// handlers declare.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/apps/serve/served_schemas.hpp"
#include "host/core/description.hpp"
#include "host/core/settings.hpp"
#include "host/http/ports.hpp"

namespace lantern::apps {

using DeclaredTables = std::map<std::string, std::vector<Table>>;  // by handler

// JSON.
std::string api_description(const Settings& settings, const ServedSchemas& schemas,
                            const std::vector<Description>& plugins, const DeclaredTables& tables);

// The description that a running api gives out. It follows what handlers declare: a swap brings other tables.
class LiveDescription {
public:
    // All of it outlives this.
    LiveDescription(const Settings& settings, const ServedSchemas& schemas, std::vector<Description> plugins)
        : settings_(settings), schemas_(schemas), plugins_(std::move(plugins)) {}
    LiveDescription(const LiveDescription&) = delete;
    LiveDescription& operator=(const LiveDescription&) = delete;

    // While the database is away: as it was last. Throws Fault when it was never there.  [any thread]
    std::string text(http::Reads& reads);

private:
    using Declarations = std::map<std::string, std::string>;
    DeclaredTables tables_of(const Declarations& declarations) const;

    const Settings& settings_;
    const ServedSchemas& schemas_;
    const std::vector<Description> plugins_;

    std::mutex mutex_;
    Declarations declarations_;  // guarded by mutex_; what text_ was made of
    std::string text_;           // guarded by mutex_; empty: not made yet
};

}  // namespace lantern::apps
