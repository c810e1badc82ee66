// The store as a worker reads it: gaps of streams, and history page by page. On the worker's one connection.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

class History final : public worker::History {
public:
    explicit History(Connection& connection) : connection_(connection) {}  // which outlives it

    worker::Filled between(std::span<const worker::Gap> gaps, const Routes& routes, std::size_t limit) override;
    std::vector<Event> page(Partition partition, int partitions, const Routes& routes, Position after,
                            Position until, std::size_t limit) override;
    Uuid incarnation() override;
    bool was(const Uuid& incarnation) override;

private:
    Connection& connection_;
};

}  // namespace lantern::postgres
