// A handler's tables as its worker reads and writes them, on the worker's one connection. A flush is one
// autocommitted statement, one round trip: a call of lantern_enter and of the write functions that the batch needs
// (handler_schema.hpp).
#pragma once

#include <map>

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

class ReadModel final : public worker::ReadModel {
public:
    // What the tables are, as a plugin declares them.
    struct Declared {
        int schema_version = 1;
        std::string hash;
    };
    // The connection outlives it; its search_path is the handler's schema (session_of). `declared`: generation()
    // throws Fault(configuration) once a swap has put other tables into the place of these. None: not looked at.
    ReadModel(Connection& connection, HandlerName handler, std::vector<Table> tables, std::string plugin_build,
              std::optional<Declared> declared = std::nullopt);

    Generation generation() override;
    std::vector<worker::StreamRow> rows(std::span<const StreamId> streams) override;
    std::vector<std::optional<Row>> find(std::span<const worker::TableKey> keys) override;
    worker::Flushed flush(const worker::Flush& flush) override;
    std::vector<worker::StreamRow> due(std::span<const Partition> partitions, int partitions_total, Timestamp now,
                                       std::size_t limit) override;
    void reconnect() override;

private:
    const Statement& flush_statement(const std::vector<worker::TableWrites>& tables);

    Connection& connection_;
    const HandlerName handler_;
    const std::vector<Table> tables_;
    const std::string plugin_build_;
    const std::optional<Declared> declared_;
    std::vector<Statement> finds_;              // by table
    std::map<std::string, Statement> flushes_;  // by the write functions called
};

// How a worker connects.
Session session_of(const std::string& url, const HandlerName& handler);

}  // namespace lantern::postgres
