// What waits in the store, and for whom: what health and metrics of a host ask. One thread. Connects again by
// itself at the next call after its connection was lost.
#pragma once

#include <string>
#include <vector>

#include "host/postgres/connection.hpp"
#include "host/postgres/operate/intake_status.hpp"
#include "host/supervise/health.hpp"

namespace lantern::postgres {

class Backlogs {
public:
    explicit Backlogs(const std::string& url);

    enum class Of { all, worked_on };  // worked_on: handlers that take events and have a worker that lives
    std::vector<supervise::Backlog> of_handlers(Of of = Of::all);
    supervise::RelayBacklog of_relay();
    std::optional<IntakeStatus> of_intake();  // nothing: no queue was ever read

private:
    Connection connection_;
};

}  // namespace lantern::postgres
