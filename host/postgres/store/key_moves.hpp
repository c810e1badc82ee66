// Unique keys and counters that move with an append to several streams, as sql/functions/keys.sql takes them, and
// snapshots that it leaves; and what such an append says when it refuses. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// Four arrays: types and ids of streams, scopes, keys.
void add_moves(Params& params, const std::vector<backfill::KeyMove>& moves);
// Two arrays: names, and by how much.
void add_counters(Params& params, const std::map<std::string, std::int64_t>& counters);

// Of statements/import_snapshots.sql.
Params parameters_of(std::span<const backfill::StreamSnapshot> snapshots);

// What the server's functions for such appends say; `numbered` is what stands before the number of a line or event.
// Nothing: it is another fault.
std::optional<backfill::Refusal> refusal_of(const Fault& fault, std::string_view numbered);

}  // namespace lantern::postgres
