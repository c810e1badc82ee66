// Tests and benchmarks wait for what they expect, up to a deadline: it is looked for again and again. This is their
// one place that sleeps; what has an event to wait for waits for that instead.
#pragma once

#include <chrono>
#include <thread>

namespace lantern::test {

inline void pause_between_looks() {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// False when it does not hold within the deadline.
template <class Condition>
bool eventually(Condition holds, std::chrono::seconds deadline = std::chrono::seconds(120)) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        pause_between_looks();
    }
    return true;
}

}  // namespace lantern::test
