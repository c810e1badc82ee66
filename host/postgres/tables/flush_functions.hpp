// Generates the server functions of a handler's schema (handler_schema.hpp), and the calls of them. Every parameter
// is an array, one for each column, all of one length; functions and parameters are listed in one place so that the
// caller's order is the function's.
#pragma once

#include <cstddef>
#include <string>

#include "host/core/tables.hpp"

namespace lantern::postgres {

struct HandlerSchema;

enum class WriteKind { put, patch, remove, merge };
inline constexpr std::size_t kEnterParameters = 28;

bool has_newest(const Table& table);
// "a", "b" of columns first ... last - 1.
std::string names_of(const Table& table, std::size_t first, std::size_t last);

std::string enter_function(const HandlerSchema& schema);
std::string write_functions(const Table& table, std::size_t number);

// lantern_put_3($5::uuid[], $6::text[]): parameters numbered from `first`, which is raised past them.
std::string enter_call(std::size_t& first);
std::string write_call(const Table& table, std::size_t number, WriteKind kind, std::size_t& first);

}  // namespace lantern::postgres
