#include "host/postgres/tables/table_parameters.hpp"

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/tables/flush_functions.hpp"

namespace lantern::postgres {
namespace {

std::vector<ArrayLiteral> columns_for(std::size_t columns, std::size_t rows) {
    std::vector<ArrayLiteral> arrays(columns);
    for (auto& array : arrays) array.reserve(rows * 24 + 8);
    return arrays;
}

void finish(Params& params, std::vector<ArrayLiteral> arrays) {
    for (auto& array : arrays) params.add(std::move(array).take());
}

void add_key(std::vector<ArrayLiteral>& arrays, const Table& table, const std::vector<Value>& key) {
    LANTERN_ASSERT(key.size() == table.key_columns, "a key is complete");
    for (std::size_t at = 0; at < key.size(); ++at) arrays[at].add(table.columns[at].type, key[at]);
}

const Value kNull;
const Value kZero = std::int64_t{0};
const Value kZeroReal = 0.0;

const Value& neutral(const Column& column) {
    if (column.merge != Merge::add) return kNull;
    return column.type == ColumnType::real ? kZeroReal : kZero;
}

// Columns behind the key, from cells sorted by column.
template <class Absent>
void add_cells(std::vector<ArrayLiteral>& arrays, const Table& table, const std::vector<Cell>& cells,
               Absent absent) {
    auto cell = cells.begin();
    for (std::size_t at = table.key_columns; at < table.columns.size(); ++at) {
        const auto& column = table.columns[at];
        const bool given = cell != cells.end() && cell->column == at;
        arrays[at].add(column.type, given ? cell->value : absent(column));
        if (given) ++cell;
    }
    LANTERN_ASSERT(cell == cells.end(), "cells are sorted by column, each once, behind the key");
}

}  // namespace

void add_upserts(Params& params, const Table& table, const std::vector<Row>& rows) {
    auto arrays = columns_for(table.columns.size(), rows.size());
    for (const auto& row : rows) {
        LANTERN_ASSERT(row.size() == table.columns.size(), "an upsert holds the whole row");
        for (std::size_t at = 0; at < row.size(); ++at) arrays[at].add(table.columns[at].type, row[at]);
    }
    finish(params, std::move(arrays));
}

void add_patches(Params& params, const Table& table, const std::vector<worker::TableWrites::Patch>& patches) {
    auto arrays = columns_for(table.columns.size() + 1, patches.size());
    for (const auto& patch : patches) {
        add_key(arrays, table, patch.key);
        add_cells(arrays, table, patch.cells, [](const Column&) -> const Value& { return kNull; });
        std::int64_t mask = 0;
        for (const auto& cell : patch.cells) mask |= std::int64_t{1} << cell.column;
        arrays.back().add(mask);
    }
    finish(params, std::move(arrays));
}

void add_removes(Params& params, const Table& table, const std::vector<std::vector<Value>>& keys) {
    auto arrays = columns_for(table.key_columns, keys.size());
    for (const auto& key : keys) add_key(arrays, table, key);
    finish(params, std::move(arrays));
}

void add_merges(Params& params, const Table& table, const std::vector<worker::TableWrites::Merge>& merges) {
    auto arrays = columns_for(table.columns.size() + (has_newest(table) ? 1 : 0), merges.size());
    for (const auto& merge : merges) {
        add_key(arrays, table, merge.key);
        add_cells(arrays, table, merge.cells, [](const Column& column) -> const Value& { return neutral(column); });
        if (has_newest(table)) arrays.back().add(merge.newest.value);
    }
    finish(params, std::move(arrays));
}

}  // namespace lantern::postgres
