// One stream of a handler's live tables folded anew, in one transaction: its rows are replaced by what its events
// up to the checkpoint give. Only owned tables: what a stream did to shared rows can't be taken out of them. The
// stream row stays locked, and is touched, so that a worker that has read the rows before redoes its batch.
#pragma once

#include <string>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/core/handler.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/tables/handler_schema.hpp"

namespace lantern::postgres {

// Which streams a replay is about: those that have such an event.
struct StreamSelection {
    std::optional<std::pair<std::string, std::string>> stream;  // aggregate type, aggregate id
    std::string aggregate_type, event_type;                     // empty: any
    std::optional<Position> from_position, to_position;         // both inclusive
    std::optional<Timestamp> from, to;                          // recorded at: from <= t < to
};
std::vector<StreamId> select_streams(Connection& connection, const StreamSelection& selection);
// The same of streams s, and of their events e, as SQL: " and ...", or empty.
std::string stream_condition(const StreamSelection& selection);
std::string event_condition(const StreamSelection& selection);

class StreamRefold final : public backfill::Scan, public backfill::Load {
public:
    // Connection and routes outlive it. `generation`: of the tables that the plugin's are.
    StreamRefold(Connection& connection, const HandlerSchema& schema, const Routes& routes, Generation generation);

    enum class Begun {
        ready,
        nothing_applied,
        too_long,
        regenerated,  // other tables were swapped in
    };
    // Locks the stream and reads its events; anything but ready has ended the transaction again.
    Begun begin(StreamId stream, std::int64_t events_max);

    bool next(backfill::Scanned& into) override;
    void add(std::uint32_t table, const Row& row) override;
    void add_partial(std::uint32_t table, const std::vector<Value>& key, const std::vector<Cell>& cells,
                     Position newest) override;
    void add(const worker::StreamRow& row) override;
    std::size_t bytes() const override { return 0; }  // one stream is one chunk
    // False: an event that was applied once fails now, or an applied stream of another aggregate type has the same
    // id, so that their rows can't be told apart (error()); nothing was written.
    bool commit(StreamId done, const backfill::Tally& tally) override;
    const std::string& error() const { return error_; }

private:
    bool shares_its_id(StreamId stream) const;

    Connection& connection_;
    const HandlerSchema schema_;
    const Routes& routes_;
    const Generation generation_;
    std::vector<Event> events_;
    std::size_t at_ = 0;
    std::string aggregate_id_, error_;
    std::vector<std::string> lines_;  // by table
};

}  // namespace lantern::postgres
