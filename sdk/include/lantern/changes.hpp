// Where a projection records what an event changes. Nothing is written before the batch's transaction, and what an
// event that fails had recorded is dropped. A refused change (wrong verb, a key of another aggregate) ends the
// handler with an exception that must not be swallowed; Lantern then fails the event with its own message.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include <lantern/tables.hpp>

namespace lantern {
inline namespace sdk_v1 {

// The host refused; it knows why.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Values of the key columns, in key order: {id, name} or just id.
class Key {
public:
    Key(std::initializer_list<Value> values) {
        if (values.size() > Table::kKeyColumnsMax) throw std::invalid_argument("too many key values");
        for (const Value& value : values) values_[size_++] = value;
    }
    template <class T>
    requires(std::constructible_from<Value, const T&> && !std::same_as<T, Key>) Key(const T& value)
        : Key{Value(value)} {}

private:
    friend struct KeyArray;
    std::array<Value, Table::kKeyColumnsMax> values_;
    std::size_t size_ = 0;
};

// A key as the border takes it.
struct KeyArray {
    std::array<lantern_value, Table::kKeyColumnsMax> values;
    std::uint32_t size = 0;

    KeyArray(const Table& table, const Key& key) {
        if (key.size_ != table.key_size())
            throw std::invalid_argument("table " + std::string(table.name()) + ": the key has " +
                                        std::to_string(table.key_size()) + " columns, " +
                                        std::to_string(key.size_) + " values were given");
        for (; size < key.size_; ++size) {
            const Column& column = table.column_at(size);
            values[size] = key.values_[size].as(column.type, column.name);
        }
    }
};

// {kUsers["username"], name}
class Cell {
public:
    Cell(const Column& column, const Value& value) : abi_{column.index, 0, value.as(column.type, column.name)} {}

private:
    lantern_cell abi_;
};
static_assert(sizeof(Cell) == sizeof(lantern_cell));

// A row that find returned; valid until the next find or return.
class Row {
public:
    explicit Row(const lantern_value* values) : values_(values) {}

    bool is_null(const Column& column) const { return values_[column.index].type == LANTERN_NULL; }
    std::string_view text(const Column& column) const {  // also uuid, json; empty when null
        return is_null(column) ? std::string_view() : view(values_[column.index].as.text);
    }
    std::int64_t integer(const Column& column) const {
        return is_null(column) ? 0 : values_[column.index].as.integer;
    }
    double real(const Column& column) const { return is_null(column) ? 0 : values_[column.index].as.real; }
    bool boolean(const Column& column) const { return integer(column) != 0; }
    std::optional<Time> time(const Column& column) const {
        if (is_null(column)) return std::nullopt;
        return time_of(integer(column));
    }
    std::optional<Date> date(const Column& column) const {
        if (is_null(column)) return std::nullopt;
        return Date{std::chrono::days{integer(column)}};
    }

private:
    const lantern_value* values_;
};

class Changes {
public:
    using Cells = std::initializer_list<Cell>;
    using Names = std::span<const std::string_view>;

    Changes(const lantern_recorder& abi, Names tables) : abi_(abi), tables_(tables) {}

    // owned: the whole row; columns not given become null  [worker thread, inside handle]
    void upsert(const Table& table, const Key& key, Cells cells) { record(LANTERN_UPSERT, table, key, cells); }
    // owned: the given columns, if the row exists  [worker thread, inside handle]
    void patch(const Table& table, const Key& key, Cells cells) { record(LANTERN_PATCH, table, key, cells); }
    void patch(const Table& table, const Key& key, std::span<const Cell> cells) {
        record(LANTERN_PATCH, table, key, cells);
    }
    // owned: the row, if it exists  [worker thread, inside handle]
    void remove(const Table& table, const Key& key) { record(LANTERN_REMOVE, table, key, std::span<const Cell>()); }
    // owned: as the row is under the batch's earlier changes  [worker thread, inside handle]
    std::optional<Row> find(const Table& table, const Key& key) {
        const KeyArray array(table, key);
        const lantern_value* row = nullptr;
        const int32_t found =
            abi_.find(abi_.context, index_of(table, tables_), array.values.data(), array.size, &row);
        if (found < 0) throw Refused("find was refused");
        return found == 0 ? std::nullopt : std::optional(Row(row));
    }

    // shared: column += value  [worker thread, inside handle]
    void add(const Table& table, const Key& key, Cells cells) { record(LANTERN_ADD, table, key, cells); }
    void add(const Table& table, const Key& key, const Column& column, const Value& value) {
        record(LANTERN_ADD, table, key, Cells{{column, value}});
    }
    // shared: the least, the greatest value ever given  [worker thread, inside handle]
    void least(const Table& table, const Key& key, Cells cells) { record(LANTERN_LEAST, table, key, cells); }
    void greatest(const Table& table, const Key& key, Cells cells) { record(LANTERN_GREATEST, table, key, cells); }
    // shared: all `newest` columns together, kept from the event with the highest position
    void put_newest(const Table& table, const Key& key, Cells cells) {
        record(LANTERN_PUT_NEWEST, table, key, cells);
    }

    static std::uint32_t index_of(const Table& table, Names tables) {
        for (std::uint32_t at = 0; at < tables.size(); ++at)
            if (tables[at] == table.name()) return at;
        throw std::logic_error("table " + std::string(table.name()) + " is not in the description");
    }

private:
    void record(lantern_verb verb, const Table& table, const Key& key, std::span<const Cell> cells) {
        const KeyArray array(table, key);
        // Cell has the border's layout, see the assertion above.
        if (abi_.record(abi_.context, index_of(table, tables_), verb, array.values.data(), array.size,
                        reinterpret_cast<const lantern_cell*>(cells.data()),
                        static_cast<uint32_t>(cells.size())) != 0)
            throw Refused("the change was refused");
    }
    void record(lantern_verb verb, const Table& table, const Key& key, Cells cells) {
        record(verb, table, key, std::span<const Cell>(cells.begin(), cells.size()));
    }

    const lantern_recorder& abi_;
    Names tables_;
};

// Names what the event will find, so that a batch reads it with one statement. Optional.
class WantedKeys {
public:
    WantedKeys(const lantern_keys& abi, Changes::Names tables) : abi_(abi), tables_(tables) {}

    void want(const Table& table, const Key& key) {  // [worker thread, inside keys]
        const KeyArray array(table, key);
        abi_.want(abi_.context, Changes::index_of(table, tables_), array.values.data(), array.size);
    }

private:
    const lantern_keys& abi_;
    Changes::Names tables_;
};

}  // namespace sdk_v1
}  // namespace lantern
