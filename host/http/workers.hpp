// The threads that do the work of requests, each with its own connection to PostgreSQL. A request that must wait
// for something else (a hash, a read model) leaves its thread and comes back as a new job.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "host/command/ports.hpp"
#include "host/core/clock.hpp"
#include "host/http/ports.hpp"
#include "host/intake/ports.hpp"

namespace lantern::http {

// What one thread works with. The adapters are made on first use, so that a database that is away at the start is a
// fault of the request, not of the process.
class Session {
public:
    struct Adapters {
        std::function<std::unique_ptr<command::Store>()> store;         // may throw Fault
        std::function<std::unique_ptr<Reads>()> reads;                  // may throw Fault
        std::function<std::unique_ptr<Admissions>()> admissions;        // may throw Fault
        std::function<std::unique_ptr<intake::Arrivals>()> arrivals{};  // may throw Fault
    };
    explicit Session(const Adapters& adapters) : adapters_(adapters) {}

    command::Store& store();
    Reads& reads();
    Admissions& admissions();
    intake::Arrivals& arrivals();
    Random& random() { return random_; }

private:
    const Adapters& adapters_;
    std::unique_ptr<command::Store> store_;
    std::unique_ptr<Reads> reads_;
    std::unique_ptr<Admissions> admissions_;
    std::unique_ptr<intake::Arrivals> arrivals_;
    SystemRandom random_;
};

class Workers {
public:
    using Job = std::function<void(Session&)>;  // throws nothing

    Workers(int threads, Session::Adapters adapters);
    ~Workers();  // stops

    // Finishes the jobs in hand and drops those that wait. Twice is fine.
    void stop();

    // Any thread. The number of jobs is bounded by whoever admits requests.
    void run(Job job);
    void run_after(std::chrono::milliseconds delay, Job job);

private:
    using Steady = std::chrono::steady_clock;
    struct Later {
        Steady::time_point at;
        Job job;
        bool operator<(const Later& other) const { return at > other.at; }  // the earliest on top
    };

    void work();

    const Session::Adapters adapters_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> ready_;             // guarded by mutex_
    std::priority_queue<Later> later_;  // guarded by mutex_
    bool stopping_ = false;             // guarded by mutex_

    std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace lantern::http
