// Bulk append: a chunk goes by COPY into a temporary table, and from there by one server function into the store
// (sql/functions/import.sql). One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include "host/backfill/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

class Intake final : public backfill::Intake {
public:
    explicit Intake(const std::string& url);  // connects

    std::vector<bool> known(std::span<const backfill::ImportLine> lines) override;
    std::vector<Revision> heads(std::span<const backfill::StreamName> streams) override;
    std::vector<Event> history(const backfill::StreamName& stream) override;
    // Fault in_doubt: it may have committed; the lines that did are known then.
    Result<void, backfill::Refusal> append(const backfill::Chunk& chunk) override;

private:
    void ready();

    Connection connection_;
};

}  // namespace lantern::postgres
