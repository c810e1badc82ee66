// The changes of a batch, coalesced per key: however often events of a batch touch a row, the transaction writes
// it once. An event's changes can be dropped again until the next event begins.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/core/tables.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker {

// Order-preserving enough for sorting alike in every worker, unique per key: what rows are looked up by.
std::string encode_key(const std::vector<Value>& key);

class Changes {
public:
    explicit Changes(std::vector<Table> tables);

    // What is recorded from here on belongs to the event at `position`.
    void begin_event(Position position);
    // Nothing, or why the change is refused.
    std::optional<std::string> record(const Change& change);
    // Forgets what was recorded since begin_event.
    void drop_event();
    void clear();

    // The row as these changes leave it, over `base`, the row in the database (nullptr: none).
    // `base` is asked for only when needed.
    enum class Found { unchanged, absent, present, patched };
    Found look_up(std::uint32_t table, const std::vector<Value>& key) const;
    // Precondition: look_up said present or patched; for patched, `row` holds the base row and is changed.
    void overlay(std::uint32_t table, const std::vector<Value>& key, Row& row) const;

    // Sorted by table in declared order, then by key.
    std::vector<TableWrites> writes() const;
    bool empty() const;
    const std::vector<Table>& tables() const { return tables_; }

private:
    enum class Kind { upsert, patch, remove, merge };

    struct Entry {
        Kind kind = Kind::upsert;
        std::vector<Value> key;
        std::vector<Cell> cells;  // upsert: all columns but the key; else those given; sorted by column
        Position newest;
    };
    using Entries = std::unordered_map<std::string, Entry>;

    struct Undo {
        std::uint32_t table = 0;
        std::string key;
        std::optional<Entry> before;
    };

    std::optional<std::string> refusal(const Change& change) const;
    void apply(const Change& change, Entry& entry, bool fresh) const;
    void merge(const Change& change, Entry& entry) const;

    std::vector<Table> tables_;
    std::vector<Entries> entries_;  // by table
    std::vector<Undo> undo_;
    Position position_;
};

}  // namespace lantern::worker
