// Table audit_log: for every event of a user who did what, when and why, and which fields went from what to what;
// never a secret, since only the fields named in audit_log.cpp are looked at. Table audit_heads holds for each
// subject what the next row needs: the hash of the last one, and the fields as they are.
#pragma once

#include <lantern/tables.hpp>

namespace audit {

using lantern::Type;

inline constexpr auto kLog = lantern::Table::owned("audit_log")
                                 .key("subject", Type::text)
                                 .key("event_id", Type::uuid)
                                 .column("subject_type", Type::text)
                                 .column("time", Type::time)
                                 .column("actor", Type::text)
                                 .column("action", Type::text)
                                 .column("reason", Type::text)
                                 .column("changes", Type::json)
                                 .column("revision", Type::integer)
                                 .column("previous_hash", Type::text)
                                 .column("hash", Type::text)
                                 .index({"time"})
                                 .index({"actor", "time"})
                                 .index({"action", "time"});
inline constexpr auto kHeads = lantern::Table::owned("audit_heads")
                                   .key("subject", Type::text)
                                   .key("subject_type", Type::text)
                                   .column("hash", Type::text)
                                   .column("fields", Type::json);

}  // namespace audit
