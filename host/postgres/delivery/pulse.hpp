// The heartbeat of a worker process while its plugin works: a thread with a connection of its own. It says that the
// process runs, not that it makes progress; a frozen or dead process has no pulse.
#pragma once

#include <memory>
#include <string>

#include "host/postgres/connection.hpp"
#include "host/postgres/store/periodic.hpp"

namespace lantern::postgres {

class Pulse {
public:
    enum class Of { worker, job };  // a handler's worker, or a process of a backfill job
    Pulse(std::string url, WorkerId worker, Of of = Of::worker);

private:
    void beat();

    const std::string url_;
    const WorkerId worker_;
    const Of of_;
    std::unique_ptr<Connection> connection_;  // the thread's
    Periodic periodic_;                       // last: it uses all of the above
};

}  // namespace lantern::postgres
