#include "host/plugin_loading/change_check.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/abi_value.hpp"
#include "host/plugin_loading/tables_parser.hpp"

namespace lantern::plugin_loading {
namespace {

// From LANTERN_UPSERT = 1.
constexpr std::array<std::string_view, 7> kVerbs = {"upsert", "patch",    "remove",    "add",
                                                    "least",  "greatest", "put_newest"};

std::string place(const Table& table, const Column& column) {
    return "table " + table.name + ", column " + column.name + ": ";
}

std::string given_type(std::int32_t type) {
    static constexpr std::array<std::string_view, 9> kNames = {"null", "boolean", "integer", "double", "text",
                                                               "time", "uuid",    "json",    "date"};
    if (type < 0 || type >= static_cast<std::int32_t>(kNames.size())) return "unknown type " + std::to_string(type);
    return std::string(kNames[static_cast<std::size_t>(type)]);
}

bool is_lower_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t at = 0; at < 36; ++at) {
        const char c = text[at];
        const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

std::optional<std::string> translate_text(const lantern_value& from, const Table& table, const Column& column,
                                          Value& out) {
    const auto text = view(from.as.text);
    if (column.type == ColumnType::uuid) {
        // One spelling, or one row would be two rows of a batch.
        if (is_lower_uuid(text)) {
            out.emplace<std::string>(text);
            return std::nullopt;
        }
        const auto uuid = Uuid::parse(text);
        if (!uuid) return place(table, column) + "found \"" + message_text(text) + "\", expected a UUID";
        out = uuid->text();
        return std::nullopt;
    }
    if (!is_storable(text)) {
        return place(table, column) +
               "found text that is not UTF-8 or holds a zero byte, expected text that "
               "PostgreSQL can store";
    }
    out.emplace<std::string>(text);
    return std::nullopt;
}

// A value that is not null, as its column's type.
std::optional<std::string> translate(const lantern_value& from, const Table& table, const Column& column,
                                     Value& out) {
    if (from.type != abi_type(column.type)) {
        return place(table, column) + "found a value of type " + given_type(from.type) + ", expected " +
               std::string(type_name(column.type));
    }
    switch (column.type) {
        case ColumnType::boolean:
            if (from.as.integer != 0 && from.as.integer != 1) {
                return place(table, column) + "found boolean " + std::to_string(from.as.integer) +
                       ", expected 0 or 1";
            }
            [[fallthrough]];
        case ColumnType::integer:
        case ColumnType::time:
        case ColumnType::date:
            out = from.as.integer;
            return std::nullopt;
        case ColumnType::real:
            out = from.as.real;
            return std::nullopt;
        case ColumnType::text:
        case ColumnType::uuid:
        case ColumnType::json:
            return translate_text(from, table, column, out);
    }
    return place(table, column) + "has no known type";
}

bool names_aggregate(const Value& value, const Column& column, const Event& event) {
    const auto& text = std::get<std::string>(value);
    if (text == event.aggregate_id) return true;
    if (column.type != ColumnType::uuid) return false;
    const auto id = Uuid::parse(event.aggregate_id);
    return id && id->text() == text;
}

bool is_shared_verb(std::int32_t verb) {
    return verb >= LANTERN_ADD;
}

Merge merge_of(std::int32_t verb) {
    switch (verb) {
        case LANTERN_ADD:
            return Merge::add;
        case LANTERN_LEAST:
            return Merge::least;
        case LANTERN_GREATEST:
            return Merge::greatest;
        case LANTERN_PUT_NEWEST:
            return Merge::newest;
        default:
            return Merge::none;
    }
}

std::optional<std::string> check_verb(std::int32_t verb, const Table& table) {
    if (verb < LANTERN_UPSERT || verb > LANTERN_PUT_NEWEST) {
        return "table " + table.name + ": found unknown verb " + std::to_string(verb) + ", expected one of abi.h";
    }
    const std::string name(kVerbs[static_cast<std::size_t>(verb - 1)]);
    if (table.ownership == Ownership::shared && !is_shared_verb(verb)) {
        return "table " + table.name + ": found " + name +
               " on a shared table, expected add, least, greatest or put_newest: its rows are fed by many streams, "
               "between which there is no order, so " +
               name + " would depend on chance";
    }
    if (table.ownership == Ownership::owned && is_shared_verb(verb)) {
        return "table " + table.name + ": found " + name +
               " on an owned table, expected upsert, patch or remove; declare the table shared to merge values";
    }
    return std::nullopt;
}

}  // namespace

ChangeCheck::ChangeCheck(std::vector<Table> tables) : tables_(std::move(tables)), newest_(tables_.size()) {
    for (std::size_t table = 0; table < tables_.size(); ++table) {
        const auto& columns = tables_[table].columns;
        for (std::uint32_t column = 0; column < columns.size(); ++column) {
            if (columns[column].merge == Merge::newest) newest_[table].push_back(column);
        }
    }
}

std::optional<std::string> ChangeCheck::key(const AbiKey& from, const Event& event, std::vector<Value>& out) const {
    if (from.table >= tables_.size()) {
        return "found table number " + std::to_string(from.table) + ", expected one of the " +
               std::to_string(tables_.size()) + " declared";
    }
    const Table& table = tables_[from.table];
    if (from.count != table.key_columns || (from.count > 0 && from.values == nullptr)) {
        return "table " + table.name + ": found a key of " + std::to_string(from.count) + " values, expected " +
               std::to_string(table.key_columns);
    }
    out.resize(from.count);
    for (std::uint32_t at = 0; at < from.count; ++at) {
        if (auto wrong = translate(from.values[at], table, table.columns[at], out[at])) return wrong;
    }
    if (table.ownership == Ownership::owned && !names_aggregate(out[0], table.columns[0], event)) {
        return "table " + table.name + ": found the key \"" + message_text(std::get<std::string>(out[0])) +
               "\", expected the event's aggregate id \"" + event.aggregate_id +
               "\": a row of an owned table belongs to one stream; declare the table shared to write to rows of "
               "others";
    }
    return std::nullopt;
}

std::optional<std::string> ChangeCheck::cells(const AbiChange& from, const Table& table,
                                              std::vector<Cell>& out) const {
    if (from.cell_count > table.columns.size() || (from.cell_count > 0 && from.cells == nullptr)) {
        return "table " + table.name + ": found " + std::to_string(from.cell_count) +
               " cells, expected at most one "
               "for each of its " +
               std::to_string(table.columns.size()) + " columns";
    }
    const Merge merge = merge_of(from.verb);
    out.resize(from.cell_count);
    for (std::uint32_t at = 0; at < from.cell_count; ++at) {
        const lantern_cell& cell = from.cells[at];
        if (cell.column >= table.columns.size() || cell.column < table.key_columns) {
            return "table " + table.name + ": found a cell for column number " + std::to_string(cell.column) +
                   ", expected " + std::to_string(table.key_columns) + " to " +
                   std::to_string(table.columns.size() - 1) + ", those outside the key";
        }
        const Column& column = table.columns[cell.column];
        if (column.merge != merge) {
            return place(table, column) + "found " + std::string(kVerbs[static_cast<std::size_t>(from.verb - 1)]) +
                   ", expected its declared merge, " + std::string(merge_name(column.merge));
        }
        out[at].column = cell.column;
        if (cell.value.type == LANTERN_NULL) {
            if (merge != Merge::none && merge != Merge::newest) {
                return place(table, column) + "found null, expected a value to merge";
            }
            out[at].value = std::monostate{};
        } else if (auto wrong = translate(cell.value, table, column, out[at].value)) {
            return wrong;
        }
    }
    std::sort(out.begin(), out.end(), [](const Cell& a, const Cell& b) { return a.column < b.column; });
    const auto twice = std::adjacent_find(out.begin(), out.end(),
                                          [](const Cell& a, const Cell& b) { return a.column == b.column; });
    if (twice != out.end()) return place(table, table.columns[twice->column]) + "found two cells, expected one";
    return std::nullopt;
}

std::optional<std::string> ChangeCheck::change(const AbiChange& from, const Event& event, Change& out) const {
    if (auto wrong = key(from.key, event, out.key)) return wrong;
    const Table& table = tables_[from.key.table];
    if (auto wrong = check_verb(from.verb, table)) return wrong;
    out.table = from.key.table;
    out.verb = static_cast<Verb>(from.verb - 1);
    if (from.verb == LANTERN_REMOVE) {
        out.cells.clear();
        return std::nullopt;
    }
    if (auto wrong = cells(from, table, out.cells)) return wrong;
    const auto& newest = newest_[from.key.table];
    if (from.verb == LANTERN_PUT_NEWEST && out.cells.size() != newest.size()) {
        // A row remembers one position for all its newest columns: what an event leaves out becomes null, or the
        // row would depend on which of two events came first.
        std::vector<Cell> whole;
        whole.reserve(newest.size());
        auto given = out.cells.begin();
        for (const auto column : newest) {
            const bool here = given != out.cells.end() && given->column == column;
            whole.push_back(here ? std::move(*given++) : Cell{column, std::monostate{}});
        }
        out.cells = std::move(whole);
    }
    return std::nullopt;
}

std::optional<std::string> ChangeCheck::find_key(const AbiKey& from, const Event& event,
                                                 std::vector<Value>& out) const {
    if (from.table < tables_.size() && tables_[from.table].ownership == Ownership::shared) {
        return "table " + tables_[from.table].name +
               ": found find on a shared table, expected it on an owned one: what a shared row holds now depends "
               "on the "
               "order of events of different streams";
    }
    return key(from, event, out);
}

}  // namespace lantern::plugin_loading
