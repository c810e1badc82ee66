// The rows of the stream in hand, as its events leave them, and the partial results of shared tables. The tables
// are new: before its first event a stream has no rows, so all that a plugin may find of an owned table is here.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/core/tables.hpp"
#include "host/worker/ports.hpp"

namespace lantern::backfill {

class Fold final : public worker::Recorder {
public:
    explicit Fold(const std::vector<Table>& tables);  // which outlive it

    // What is recorded from here on belongs to the event at `position`, and holds once it is kept.
    void begin_event(Position position);
    void keep_event();
    void drop_event();

    std::optional<std::string> record(Change change) override;
    const Row* find(std::uint32_t table, const std::vector<Value>& key) override;

    // The stream has ended: its rows go out, and are forgotten.
    void end_stream(Load& load);
    // Partial results go out when they are many, or when they must.
    void put_partials(Load& load);
    std::size_t partials() const { return partials_; }
    std::size_t rows() const;  // of the stream in hand
    void clear();

private:
    struct Entry {
        Row row;  // the key, then the values
        bool there = false;
    };
    struct Owned {
        std::vector<Entry> entries;
        std::unordered_map<std::string, std::size_t> places;  // by encoded key, once entries are many
    };
    struct Partial {
        std::vector<Value> key;
        std::vector<Cell> cells;  // sorted by column
        Position newest;
    };
    struct Undo {
        std::uint32_t table = 0;
        std::size_t entry = 0;
        Entry before;
    };

    Entry* look_up(std::uint32_t table, const std::vector<Value>& key);
    Entry& place_of(std::uint32_t table, const std::vector<Value>& key);
    void apply(Change& change);
    void apply_owned(Change& change);
    void merge(Change& change);

    const std::vector<Table>& tables_;
    std::vector<Owned> owned_;                                      // by table
    std::vector<std::unordered_map<std::string, Partial>> shared_;  // by table, by encoded key
    std::vector<Change> pending_;                                   // of the event in hand, in order
    std::vector<Undo> undo_;  // of what was applied before the event is kept, because it looked for a row
    Position position_;
    std::size_t partials_ = 0;
};

}  // namespace lantern::backfill
