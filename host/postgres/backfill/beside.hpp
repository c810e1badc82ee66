// A schema that is built beside a handler's live one. Its tables, stream rows and functions are those that the
// handler's own would have (handler_schema.hpp); what else is in it while it is filled:
//   lantern_keys (place, ddl)   the keys and indexes that its tables don't have yet
//   lantern_partial_N           partial results of the shared table N
#pragma once

#include <string>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/store/copy_text.hpp"
#include "host/postgres/tables/handler_schema.hpp"

namespace lantern::postgres {

// Makes the schema anew, without keys and indexes; one of that name is dropped.
void create_beside(Connection& connection, const HandlerSchema& schema);
void drop_beside(Connection& connection, const std::string& name);
// What a job that has ended has built, as far as it is its own by now.
void drop_beside_of(Connection& connection, std::int64_t job);
// Merges the partial results, makes keys and indexes, and brings the statistics up to date. Safe to repeat; each
// step is a transaction. A key that two streams wrote is a Fault that names it.
void build_keys(Connection& connection, const HandlerSchema& schema);

// How the processes of a job connect: patient, and planned by statistics.
Session session_of_backfill(const std::string& url, const std::string& search_path = "pg_catalog");

// The events of a slot's streams, by stream and revision: one COPY, sorted by the server.
class Scan final : public backfill::Scan {
public:
    // `reader` is this scan's alone until it has ended; `names` is asked in between. Both outlive it.
    Scan(Connection& reader, Connection& names, const SlotLease& slot, const std::vector<std::string>& event_types);

    bool next(backfill::Scanned& into) override;

private:
    void read_names();

    Connection& names_;
    const StreamId until_;
    CopyOut copy_;
    std::string line_;
    CopiedFields fields_;
    Rows page_;  // of streams: id, type, aggregate id, head
    std::size_t row_ = 0;
    StreamId named_;  // up to here pages were read
    StreamId current_;
};

class Load final : public backfill::Load {
public:
    // The connection outlives it.
    Load(Connection& connection, const HandlerSchema& schema, const SlotLease& slot);

    void add(std::uint32_t table, const Row& row) override;
    void add_partial(std::uint32_t table, const std::vector<Value>& key, const std::vector<Cell>& cells,
                     Position newest) override;
    void add(const worker::StreamRow& row) override;
    std::size_t bytes() const override;
    bool commit(StreamId done, const backfill::Tally& tally) override;

private:
    Connection& connection_;
    const std::vector<Table> tables_;
    const SlotLease slot_;
    std::vector<std::string> targets_;  // of the tables, then of the stream rows: as COPY names them
    std::vector<std::string> lines_;    // the same order
};

}  // namespace lantern::postgres
