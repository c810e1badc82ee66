#include "host/worker/changes.hpp"

#include <algorithm>
#include <cstring>

#include "host/core/assert.hpp"

namespace lantern::worker {
namespace {

Cell* cell_of(std::vector<Cell>& cells, std::uint32_t column) {
    const auto at = std::lower_bound(cells.begin(), cells.end(), column,
                                     [](const Cell& cell, std::uint32_t wanted) { return cell.column < wanted; });
    return at != cells.end() && at->column == column ? &*at : nullptr;
}

void set_cell(std::vector<Cell>& cells, const Cell& given) {
    const auto at = std::lower_bound(cells.begin(), cells.end(), given.column,
                                     [](const Cell& cell, std::uint32_t wanted) { return cell.column < wanted; });
    if (at != cells.end() && at->column == given.column) {
        at->value = given.value;
    } else {
        cells.insert(at, given);
    }
}

Value sum(const Value& left, const Value& right) {
    if (std::holds_alternative<double>(left) || std::holds_alternative<double>(right)) {
        const auto real = [](const Value& value) {
            return std::holds_alternative<double>(value) ? std::get<double>(value)
                                                         : static_cast<double>(std::get<std::int64_t>(value));
        };
        return real(left) + real(right);
    }
    return std::get<std::int64_t>(left) + std::get<std::int64_t>(right);
}

// Nulls lose, as in SQL's least and greatest.
Value extreme(const Value& left, const Value& right, Merge merge) {
    if (std::holds_alternative<std::monostate>(left)) return right;
    if (std::holds_alternative<std::monostate>(right)) return left;
    return merge == Merge::least ? std::min(left, right) : std::max(left, right);
}

Merge merge_of(Verb verb) {
    switch (verb) {
        case Verb::add:
            return Merge::add;
        case Verb::least:
            return Merge::least;
        case Verb::greatest:
            return Merge::greatest;
        case Verb::put_newest:
            return Merge::newest;
        default:
            return Merge::none;
    }
}

}  // namespace

std::string encode_key(const std::vector<Value>& key) {
    std::string out;
    for (const auto& value : key) {
        if (const auto* text = std::get_if<std::string>(&value)) {
            out.push_back('t');
            out.append(*text);
            out.push_back('\0');
        } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            out.push_back('i');
            const std::uint64_t bits = static_cast<std::uint64_t>(*integer) ^ (1ULL << 63);
            for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift));
        } else if (const auto* real = std::get_if<double>(&value)) {
            char bytes[sizeof *real];
            std::memcpy(bytes, real, sizeof bytes);
            out.push_back('d');
            out.append(bytes, sizeof bytes);
        } else {
            out.push_back('n');
        }
    }
    return out;
}

Changes::Changes(std::vector<Table> tables) : tables_(std::move(tables)), entries_(tables_.size()) {}

void Changes::begin_event(Position position) {
    undo_.clear();
    position_ = position;
}

std::optional<std::string> Changes::refusal(const Change& change) const {
    if (change.table >= tables_.size()) {
        return "table " + std::to_string(change.table) + " is not declared; there are " +
               std::to_string(tables_.size());
    }
    const Table& table = tables_[change.table];
    if (change.key.size() != table.key_columns) {
        return "table " + table.name + " has a key of " + std::to_string(table.key_columns) + " columns, " +
               std::to_string(change.key.size()) + " were given";
    }
    const Merge merge = merge_of(change.verb);
    if ((table.ownership == Ownership::shared) != (merge != Merge::none)) {
        return "table " + table.name +
               (merge == Merge::none ? " is shared: only add, least, greatest and put_newest"
                                     : " is owned: only upsert, patch and remove");
    }
    for (const auto& cell : change.cells) {
        if (cell.column < table.key_columns || cell.column >= table.columns.size()) {
            return "table " + table.name + " has no value column " + std::to_string(cell.column);
        }
        if (merge != table.columns[cell.column].merge) {
            return "column " + table.name + "." + table.columns[cell.column].name + " does not merge by this verb";
        }
        if (merge == Merge::add && std::holds_alternative<std::monostate>(cell.value)) {
            return "null cannot be added to " + table.name + "." + table.columns[cell.column].name;
        }
    }
    // A part of them would leave a row that no single event described.
    if (change.verb == Verb::put_newest) {
        const auto newest = std::count_if(table.columns.begin(), table.columns.end(),
                                          [](const Column& column) { return column.merge == Merge::newest; });
        if (static_cast<std::ptrdiff_t>(change.cells.size()) != newest) {
            return "put_newest on " + table.name + " gives " + std::to_string(change.cells.size()) + " of its " +
                   std::to_string(newest) + " newest columns; it must give all";
        }
    }
    return std::nullopt;
}

std::optional<std::string> Changes::record(const Change& change) {
    if (auto why = refusal(change)) return why;
    std::string key = encode_key(change.key);
    auto& entries = entries_[change.table];
    const auto [at, fresh] = entries.try_emplace(key);
    undo_.push_back({change.table, std::move(key), fresh ? std::nullopt : std::optional(at->second)});
    if (fresh) at->second.key = change.key;
    apply(change, at->second, fresh);
    return std::nullopt;
}

void Changes::apply(const Change& change, Entry& entry, bool fresh) const {
    const Table& table = tables_[change.table];
    switch (change.verb) {
        case Verb::upsert:
            entry.kind = Kind::upsert;
            entry.cells.clear();
            for (auto column = static_cast<std::uint32_t>(table.key_columns); column < table.columns.size();
                 ++column) {
                entry.cells.push_back({column, Value{}});
            }
            for (const auto& cell : change.cells) entry.cells[cell.column - table.key_columns].value = cell.value;
            return;
        case Verb::patch:
            if (!fresh && entry.kind == Kind::remove) return;  // no row to patch
            if (fresh) entry.kind = Kind::patch;
            for (const auto& cell : change.cells) set_cell(entry.cells, cell);
            return;
        case Verb::remove:
            entry.kind = Kind::remove;
            entry.cells.clear();
            return;
        default:
            entry.kind = Kind::merge;
            merge(change, entry);
    }
}

void Changes::merge(const Change& change, Entry& entry) const {
    for (const auto& given : change.cells) {
        Cell* known = cell_of(entry.cells, given.column);
        if (known == nullptr) {
            set_cell(entry.cells, given);
        } else if (change.verb == Verb::add) {
            known->value = sum(known->value, given.value);
        } else if (change.verb != Verb::put_newest) {
            known->value = extreme(known->value, given.value, merge_of(change.verb));
        } else if (position_ >= entry.newest) {
            known->value = given.value;
        }
    }
    if (change.verb == Verb::put_newest) entry.newest = std::max(entry.newest, position_);
}

void Changes::drop_event() {
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
        if (undo->before) {
            entries_[undo->table].at(undo->key) = std::move(*undo->before);
        } else {
            entries_[undo->table].erase(undo->key);
        }
    }
    undo_.clear();
}

void Changes::clear() {
    for (auto& entries : entries_) entries.clear();
    undo_.clear();
}

Changes::Found Changes::look_up(std::uint32_t table, const std::vector<Value>& key) const {
    const auto at = entries_.at(table).find(encode_key(key));
    if (at == entries_[table].end()) return Found::unchanged;
    switch (at->second.kind) {
        case Kind::upsert:
            return Found::present;
        case Kind::remove:
            return Found::absent;
        case Kind::patch:
            return Found::patched;
        case Kind::merge:
            break;
    }
    return Found::unchanged;
}

void Changes::overlay(std::uint32_t table, const std::vector<Value>& key, Row& row) const {
    const Entry& entry = entries_.at(table).at(encode_key(key));
    if (entry.kind == Kind::upsert) {
        row.assign(tables_[table].columns.size(), Value{});
        std::copy(key.begin(), key.end(), row.begin());
    }
    LANTERN_ASSERT(row.size() == tables_[table].columns.size(), "a patched row needs its base");
    for (const auto& cell : entry.cells) row[cell.column] = cell.value;
}

std::vector<TableWrites> Changes::writes() const {
    std::vector<TableWrites> all;
    for (std::uint32_t table = 0; table < tables_.size(); ++table) {
        if (entries_[table].empty()) continue;
        std::vector<const Entries::value_type*> sorted;
        sorted.reserve(entries_[table].size());
        for (const auto& entry : entries_[table]) sorted.push_back(&entry);
        std::sort(sorted.begin(), sorted.end(),
                  [](const auto* left, const auto* right) { return left->first < right->first; });
        TableWrites writes;
        writes.table = table;
        for (const auto* named : sorted) {
            const Entry& entry = named->second;
            switch (entry.kind) {
                case Kind::upsert: {
                    Row row = entry.key;
                    for (const auto& cell : entry.cells) row.push_back(cell.value);
                    writes.upserts.push_back(std::move(row));
                    break;
                }
                case Kind::patch:
                    if (!entry.cells.empty()) writes.patches.push_back({entry.key, entry.cells});
                    break;
                case Kind::remove:
                    writes.removes.push_back(entry.key);
                    break;
                case Kind::merge:
                    writes.merges.push_back({entry.key, entry.cells, entry.newest});
                    break;
            }
        }
        all.push_back(std::move(writes));
    }
    return all;
}

bool Changes::empty() const {
    return std::all_of(entries_.begin(), entries_.end(), [](const Entries& entries) { return entries.empty(); });
}

}  // namespace lantern::worker
