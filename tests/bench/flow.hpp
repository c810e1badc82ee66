// Events at a steady rate into a place, and what their commit times tell afterwards. For the handler `steps`, which
// leaves a row for each event.
#pragma once

#include <atomic>
#include <thread>

#include "tests/bench/bench.hpp"

namespace lantern::bench {

inline constexpr const char* kOnlySteps = R"(version: 1
events:
  USER_CREATED: [steps]
  USER_UPDATED: [steps]
)";

class Flow {
public:
    // So many updates a second, spread over the first `users` streams of the store; until it is stopped.
    Flow(Place& place, int users, int per_second);
    ~Flow() { stop(); }
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    // Returns once they all are applied by `steps`.
    void finish();

    // By the database's clock, in seconds: to be compared with times below.
    static double now(Place& place);
    // Longest time from commit to commit in `steps` between two moments, in seconds.
    static double longest_pause(Place& place, double from, double to);
    // When the last event that had waited longer than `late` seconds was applied, of those stored since `from`; 0:
    // none.
    static double last_late(Place& place, double from, double late);
    static std::string rate_of(Place& place, double from, double to);  // "4 990 events/s"

private:
    void work(int users, int per_second);
    void stop();

    Place& place_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace lantern::bench
