// Takes away what is not needed any more (sql/functions/prune.sql): the ledger's ended acts, attempts of streams
// that live again, old answers to Idempotency-Key. A thread with a connection of its own in each relay process; of
// several one does it at a time. In batches, so that nobody waits for it.
#pragma once

#include <memory>
#include <string>

#include "host/core/settings.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/store/periodic.hpp"

namespace lantern::postgres {

struct Pruned {
    std::int64_t effects = 0, attempts = 0, answers = 0;
    bool more = false;
    bool operator==(const Pruned&) const = default;
};
// One batch.
Pruned prune(Connection& connection, const KeepSettings& keep, std::int64_t rows_max = limits::kPruneRows);

class Housekeeping {
public:
    Housekeeping(std::string url, const KeepSettings& keep);

private:
    void keep_house();

    const std::string url_;
    const KeepSettings keep_;
    std::unique_ptr<Connection> connection_;  // the thread's
    Periodic periodic_;                       // last: it uses all of the above
};

}  // namespace lantern::postgres
