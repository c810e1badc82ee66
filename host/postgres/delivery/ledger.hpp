// The ledger of a side effect's acts (lantern.effects), on the worker's one connection. A step is one autocommitted
// statement: lantern_enter of the handler's schema, then what finished, then what is about to be done.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

class Ledger final : public worker::Ledger {
public:
    // The connection outlives it; its search_path is the handler's schema (session_of in read_model.hpp).
    Ledger(Connection& connection, HandlerName handler, std::string plugin_build);

    std::optional<worker::Effect> find(EventId event) override;
    std::vector<worker::AskedEffect> asked(std::span<const Partition> partitions, int partitions_total,
                                           Timestamp now, std::size_t limit) override;
    worker::Flushed commit(const worker::EffectStep& step) override;

private:
    Connection& connection_;
    const HandlerName handler_;
    const std::string plugin_build_;
    const Statement step_;
};

}  // namespace lantern::postgres
