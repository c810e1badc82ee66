// Declared tables of a projection, and the changes it records. The declaration comes from the plugin's
// description; from it are made the DDL, the flush function, the rebuild and the query endpoints.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace lantern {

enum class ColumnType { boolean, integer, real, text, time, uuid, json, date };
enum class Ownership { owned, shared };
enum class Merge { none, add, least, greatest, newest };  // how a column of a shared table takes a value

struct Column {
    std::string name;
    ColumnType type = ColumnType::text;
    Merge merge = Merge::none;
    bool operator==(const Column&) const = default;
};

struct Table {
    std::string name;
    Ownership ownership = Ownership::owned;
    std::vector<Column> columns;  // key columns first, in key order
    std::size_t key_columns = 1;
    std::vector<std::vector<std::string>> indexes;  // beside the key; never unique
    bool operator==(const Table&) const = default;
};

// integer: also boolean (0, 1), time (microseconds) and date (days); text: also uuid and json.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

enum class Verb { upsert, patch, remove, add, least, greatest, put_newest };

struct Cell {
    std::uint32_t column = 0;
    Value value;
    bool operator==(const Cell&) const = default;
};

struct Change {
    std::uint32_t table = 0;
    Verb verb = Verb::upsert;
    std::vector<Value> key;
    std::vector<Cell> cells;
    bool operator==(const Change&) const = default;
};

using Row = std::vector<Value>;  // all columns in declared order

}  // namespace lantern
