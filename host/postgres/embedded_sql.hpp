// The files of sql/, embedded at build time.
#pragma once

#include <span>
#include <string_view>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct SqlFile {
    std::string_view name;  // file name without .sql
    std::string_view text;
};

std::span<const SqlFile> migrations();  // by number
std::span<const SqlFile> functions();   // by name
// Asserts that sql/statements/<name>.sql exists.
Statement statement(std::string_view name);

}  // namespace lantern::postgres
