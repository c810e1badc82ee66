#include "host/backfill/fold.hpp"

#include <algorithm>
#include <cstring>

#include "host/core/assert.hpp"

namespace lantern::backfill {
namespace {

constexpr std::size_t kFew = 12;  // entries of a stream that are looked through one by one

// One text for each key: types of a column never differ.
std::string encoded(const std::vector<Value>& key) {
    std::string out;
    for (const auto& value : key) {
        const auto bytes = [&](const void* from, std::size_t size) {
            out.append(static_cast<const char*>(static_cast<const void*>(&size)), sizeof size);
            out.append(static_cast<const char*>(from), size);
        };
        if (const auto* text = std::get_if<std::string>(&value)) {
            bytes(text->data(), text->size());
        } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            bytes(integer, sizeof *integer);
        } else if (const auto* real = std::get_if<double>(&value)) {
            bytes(real, sizeof *real);
        } else {
            bytes("", 0);
        }
    }
    return out;
}

bool has_key(const Row& row, const std::vector<Value>& key) {
    return std::equal(key.begin(), key.end(), row.begin());
}

Value sum(const Value& left, const Value& right) {
    const auto real = [](const Value& value) {
        const auto* number = std::get_if<double>(&value);
        return number ? *number : static_cast<double>(std::get<std::int64_t>(value));
    };
    if (std::holds_alternative<double>(left) || std::holds_alternative<double>(right))
        return real(left) + real(right);
    return std::get<std::int64_t>(left) + std::get<std::int64_t>(right);
}

// Nulls lose, as in SQL's least and greatest.
Value extreme(const Value& left, const Value& right, Verb verb) {
    if (std::holds_alternative<std::monostate>(left)) return right;
    if (std::holds_alternative<std::monostate>(right)) return left;
    return verb == Verb::least ? std::min(left, right) : std::max(left, right);
}

}  // namespace

Fold::Fold(const std::vector<Table>& tables) : tables_(tables), owned_(tables.size()), shared_(tables.size()) {}

void Fold::begin_event(Position position) {
    position_ = position;
    pending_.clear();
    undo_.clear();
}

std::optional<std::string> Fold::record(Change change) {
    LANTERN_ASSERT(change.table < tables_.size(), "a change names a declared table");
    pending_.push_back(std::move(change));
    return std::nullopt;
}

void Fold::keep_event() {
    for (auto& change : pending_) apply(change);
    pending_.clear();
    undo_.clear();
}

void Fold::drop_event() {
    pending_.clear();
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo)
        owned_[undo->table].entries[undo->entry] = std::move(undo->before);
    undo_.clear();
}

// What the event recorded before it looks is applied then, and noted, for the case that it fails afterwards. Merges
// wait: nobody finds a shared row.
const Row* Fold::find(std::uint32_t table, const std::vector<Value>& key) {
    std::vector<Change> merges;
    for (auto& change : pending_) {
        if (tables_[change.table].ownership == Ownership::shared) {
            merges.push_back(std::move(change));
            continue;
        }
        Entry& entry = place_of(change.table, change.key);
        auto& entries = owned_[change.table].entries;
        undo_.push_back({change.table, static_cast<std::size_t>(&entry - entries.data()), entry});
        apply_owned(change);
    }
    pending_ = std::move(merges);
    const Entry* entry = look_up(table, key);
    return entry != nullptr && entry->there ? &entry->row : nullptr;
}

Fold::Entry* Fold::look_up(std::uint32_t table, const std::vector<Value>& key) {
    auto& owned = owned_[table];
    if (owned.entries.size() <= kFew) {
        for (auto& entry : owned.entries)
            if (has_key(entry.row, key)) return &entry;
        return nullptr;
    }
    const auto known = owned.places.find(encoded(key));
    return known == owned.places.end() ? nullptr : &owned.entries[known->second];
}

Fold::Entry& Fold::place_of(std::uint32_t table, const std::vector<Value>& key) {
    if (Entry* known = look_up(table, key)) return *known;
    auto& owned = owned_[table];
    Entry entry{Row(tables_[table].columns.size()), false};
    std::copy(key.begin(), key.end(), entry.row.begin());
    owned.entries.push_back(std::move(entry));
    if (owned.entries.size() == kFew + 1) {
        for (std::size_t at = 0; at < owned.entries.size(); ++at) {
            const Row& row = owned.entries[at].row;
            owned.places[encoded({row.begin(), row.begin() + static_cast<std::ptrdiff_t>(key.size())})] = at;
        }
    } else if (owned.entries.size() > kFew) {
        owned.places[encoded(key)] = owned.entries.size() - 1;
    }
    return owned.entries.back();
}

void Fold::apply(Change& change) {
    if (tables_[change.table].ownership == Ownership::shared) {
        merge(change);
    } else {
        apply_owned(change);
    }
}

void Fold::apply_owned(Change& change) {
    Entry& entry = place_of(change.table, change.key);
    const std::size_t keys = tables_[change.table].key_columns;
    switch (change.verb) {
        case Verb::upsert:
            entry.there = true;
            std::fill(entry.row.begin() + static_cast<std::ptrdiff_t>(keys), entry.row.end(), Value{});
            break;
        case Verb::patch:
            if (!entry.there) return;  // no row to patch
            break;
        case Verb::remove:
            entry.there = false;
            return;
        default:
            LANTERN_ASSERT(false, "an owned table takes upsert, patch and remove");
    }
    for (auto& cell : change.cells) entry.row[cell.column] = std::move(cell.value);
}

void Fold::merge(Change& change) {
    const auto [at, fresh] = shared_[change.table].try_emplace(encoded(change.key));
    Partial& partial = at->second;
    if (fresh) {
        partial.key = std::move(change.key);
        ++partials_;
    }
    for (auto& given : change.cells) {
        const auto place =
            std::lower_bound(partial.cells.begin(), partial.cells.end(), given.column,
                             [](const Cell& cell, std::uint32_t column) { return cell.column < column; });
        if (place == partial.cells.end() || place->column != given.column) {
            partial.cells.insert(place, std::move(given));
        } else if (change.verb == Verb::add) {
            place->value = sum(place->value, given.value);
        } else if (change.verb != Verb::put_newest) {
            place->value = extreme(place->value, given.value, change.verb);
        } else if (position_ >= partial.newest) {
            place->value = std::move(given.value);
        }
    }
    if (change.verb == Verb::put_newest) partial.newest = std::max(partial.newest, position_);
}

void Fold::end_stream(Load& load) {
    for (std::uint32_t table = 0; table < owned_.size(); ++table) {
        auto& owned = owned_[table];
        for (const auto& entry : owned.entries)
            if (entry.there) load.add(table, entry.row);
        owned.entries.clear();
        owned.places.clear();
    }
}

void Fold::put_partials(Load& load) {
    for (std::uint32_t table = 0; table < shared_.size(); ++table) {
        for (const auto& [name, partial] : shared_[table])
            load.add_partial(table, partial.key, partial.cells, partial.newest);
        shared_[table].clear();
    }
    partials_ = 0;
}

std::size_t Fold::rows() const {
    std::size_t rows = 0;
    for (const auto& owned : owned_) rows += owned.entries.size();
    return rows;
}

void Fold::clear() {
    for (auto& owned : owned_) owned = {};
    for (auto& shared : shared_) shared.clear();
    pending_.clear();
    undo_.clear();
    partials_ = 0;
}

}  // namespace lantern::backfill
