// lantern store adopt: after a restore, or a fail-over that lost commits, nothing is delivered until an operator
// says that this is the store from now on. One thread.
#pragma once

#include <string>
#include <vector>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// A handler as adopting finds it.
struct AdoptedHandler {
    HandlerName handler;
    std::string queues;                // queue set
    std::int64_t streams_ahead = 0;    // their stream rows say more than the store has
    std::int64_t streams_missing = 0;  // the store knows nothing of them
    Position fed_from;                 // adopted: what lies behind it is fed from the store
};

class Adoption {
public:
    explicit Adoption(const std::string& url);

    // Empty: server and database are those that the store belongs to. Else the difference.
    std::string difference();
    std::vector<AdoptedHandler> look();
    struct Action {
        std::string who, reason;
    };
    // In one transaction, which no writer overlaps.
    std::vector<AdoptedHandler> adopt(const Action& action);

private:
    Connection connection_;
};

}  // namespace lantern::postgres
