// The text format of COPY: fields divided by tabs, \N for null, and \b \f \n \r \t \v \\ for what would else
// divide.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "host/core/tables.hpp"

namespace lantern::postgres {

void append_copied(std::string& out, std::string_view text);                // escaped
void append_copied(std::string& out, ColumnType type, const Value& value);  // or \N
inline constexpr std::string_view kCopiedNull = "\\N";

// The fields of one line, unescaped in the line itself. Asserts that there are `count` of them.
class CopiedFields {
public:
    static constexpr std::size_t kMost = 16;

    void read(std::string& line, std::size_t count);
    bool null(std::size_t field) const { return fields_[field].data() == nullptr; }
    std::string_view operator[](std::size_t field) const { return fields_[field]; }
    std::int64_t integer(std::size_t field) const;  // asserts that it is one

private:
    std::array<std::string_view, kMost> fields_;
};

}  // namespace lantern::postgres
