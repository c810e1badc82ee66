// PostgreSQL's text format of the types that Lantern stores, both ways, under the session settings of
// connection.cpp (UTC, ISO). Free of locale and allocation; these run for every event.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/core/tables.hpp"

namespace lantern::postgres {

void append_integer(std::string& out, std::int64_t value);
void append_real(std::string& out, double value);                           // shortest that reads back the same
void append_time(std::string& out, std::chrono::microseconds since_epoch);  // 2026-11-21 03:33:26.000123+00
void append_date(std::string& out, std::int64_t days_since_epoch);

std::chrono::microseconds parse_time(std::string_view text);
std::int64_t parse_date(std::string_view text);  // days since 1970-01-01

// The text of a value of a column; nothing is escaped. Asserts that the value fits the type.
void append_value(std::string& out, ColumnType type, const Value& value);
Value parse_value(ColumnType type, std::string_view text);

// "text", "bigint", ...
std::string_view sql_type(ColumnType type);

// "name" with its quotes doubled.
std::string sql_name(std::string_view name);
// 'text' with its quotes doubled (standard_conforming_strings is on).
std::string sql_literal(std::string_view text);

// Bytes as bytea is written, \x00ff, and read back.
std::string hex_of(std::string_view bytes);
std::string bytes_of(std::string_view hex);

}  // namespace lantern::postgres
