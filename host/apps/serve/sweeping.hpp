// The sweep's thread in a relay process: it sweeps while the process leads, on a connection of its own. Trouble is
// waited out here, and never reaches the relay.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "host/telemetry/log.hpp"

namespace lantern::apps {

class Sweeping final {
public:
    Sweeping(std::string postgres_url, telemetry::Log log);
    ~Sweeping();
    Sweeping(const Sweeping&) = delete;
    Sweeping& operator=(const Sweeping&) = delete;

    void lead(bool leads) { leads_ = leads; }  // [any thread]

private:
    void run();

    const std::string postgres_url_;
    const telemetry::Log log_;
    std::atomic<bool> leads_ = false;
    std::atomic<bool> end_ = false;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace lantern::apps
