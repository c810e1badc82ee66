// The heartbeat of a worker process while its plugin works: a thread with a connection of its own. It says that the
// process runs, not that it makes progress; a frozen or dead process has no pulse.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "host/core/identifiers.hpp"

namespace lantern::postgres {

class Pulse {
public:
    Pulse(std::string url, WorkerId worker);
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

private:
    void beat();

    const std::string url_;
    const WorkerId worker_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool end_ = false;    // guarded by mutex_
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace lantern::postgres
