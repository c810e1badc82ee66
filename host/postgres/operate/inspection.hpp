// What an operator wants to know of a PostgreSQL server before trusting it with a store. Changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/identifiers.hpp"

namespace lantern::postgres {

struct Inspection {
    int version = 0;           // 150004
    std::string version_text;  // "15.4 (Debian ...)"
    std::string user, database;
    bool may_create_schemas = false, may_create_roles = false;
    bool owns_store = false;      // or there is none yet
    Milliseconds clock_ahead{0};  // of the server's clock to ours; half of the round trip in doubt
    Milliseconds clock_doubt{0};
    int connections_max = 0;    // that a plain user can have
    int connections_other = 0;  // of programs that are not Lantern, now
    bool is_standby = false;
    std::string encoding;
    bool fsync = true;
    std::string synchronous_commit;

    bool migrated = false;
    std::vector<std::string> without_role;  // handlers that have no database role of their own
    std::string migrations_trouble;         // newer than this build, or changed; empty: none
    std::string incarnation_trouble;        // restored or failed over; empty: none
    std::optional<std::int64_t> routing;    // number of the revision in force
    std::string routing_hash;
};

// Throws Fault when the server can't be reached or lets nobody in.
Inspection inspect(const std::string& url);

}  // namespace lantern::postgres
