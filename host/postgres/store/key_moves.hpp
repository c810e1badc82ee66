// Unique keys and counters that move with an append to several streams, as sql/functions/keys.sql takes them; and
// what such an append says when it refuses. Private to this room.
#pragma once

#include <cstdint>
#include <map>
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

// "line 7 has another revision than the next: 3" -> 3 when asked behind "next: ".
std::int64_t number_behind(std::string_view message, std::string_view mark);
// To the end of its line; empty: the mark is not there.
std::string line_behind(std::string_view message, std::string_view mark);
// The stream that wanted a key which is taken.
backfill::StreamName stream_in_detail(std::string_view message);

}  // namespace lantern::postgres
