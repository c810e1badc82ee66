// What a projection's check looks through, and where it says what it found. A check is for tables that can show by
// themselves whether somebody changed them, such as a chain of hashes under a key; `lantern audit verify` runs it
// over all rows. Whether rows are what the events make of them is no matter of a check: `lantern verify` folds
// anew.
#pragma once

#include <optional>
#include <vector>

#include <lantern/changes.hpp>

namespace lantern {
inline namespace sdk_v1 {

// The rows of the owned tables for one aggregate id, as of one moment. Streams of different types may have one id:
// their rows then lie together. Everything it returns is valid until check returns.
class OwnedRows {
public:
    struct Checkpoint {
        std::string_view aggregate_type;
        std::int64_t revision = 0;  // the tables hold what the stream's events up to this one made of them
    };

    OwnedRows(const lantern_owned_rows& abi, Changes::Names tables) : abi_(abi), tables_(tables) {}

    std::string_view aggregate_id() const { return view(abi_.aggregate_id); }
    // None: no event has made these rows.
    std::vector<Checkpoint> streams() const {
        std::vector<Checkpoint> streams;
        for (std::uint64_t at = 0; at < abi_.stream_count; ++at)
            streams.push_back({view(abi_.streams[at].aggregate_type), abi_.streams[at].revision});
        return streams;
    }
    // By key.
    std::vector<Row> of(const Table& table) const {
        const lantern_rows& held = abi_.tables[Changes::index_of(table, tables_)];
        std::vector<Row> rows;
        rows.reserve(held.count);
        for (std::uint64_t at = 0; at < held.count; ++at)
            rows.emplace_back(held.values + at * table.columns_size());
        return rows;
    }

private:
    const lantern_owned_rows& abi_;
    Changes::Names tables_;
};

class Findings {
public:
    Findings(const lantern_findings& abi, Changes::Names tables) : abi_(abi), tables_(tables) {}

    // Of a row, or of one that should be there.  [inside check]
    void add(const Table& table, const Key& key, std::string_view found, std::string_view expected) {
        const KeyArray array(table, key);
        abi_.report(abi_.context, Changes::index_of(table, tables_), array.values.data(), array.size, borrow(found),
                    borrow(expected));
        ++size_;
    }
    std::size_t size() const { return size_; }

private:
    const lantern_findings& abi_;
    Changes::Names tables_;
    std::size_t size_ = 0;
};

}  // namespace sdk_v1
}  // namespace lantern
