// Known content: two threads that write until they are told to stop, one through the append function, one through
// commands of the bundled user domain, and remember what they were told was accepted.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/checks.hpp"
#include "tests/chaos/place.hpp"

namespace lantern::chaos {

class Producer {
public:
    Producer(const Place& place, std::uint64_t seed);
    ~Producer();

    // What was tried so far, accepted or not: the run's clock.  [any thread]
    std::uint64_t tries() const { return tries_; }
    std::uint64_t accepted_count() const { return accepted_count_; }
    // Twice is fine. What was accepted.
    std::vector<Accepted> finish();

private:
    void append();
    void command();
    void accept(Accepted one);
    // Repeated with the same key until it is answered for good; status 0: told to stop meanwhile.
    test::HttpAnswer ask(test::HttpRequest request, const std::string& key);

    const Place& place_;
    const std::uint64_t seed_;
    std::atomic<std::uint64_t> tries_ = 0, accepted_count_ = 0;
    std::atomic<bool> stop_ = false;
    std::mutex mutex_;
    std::vector<Accepted> accepted_;    // guarded by mutex_
    std::thread appender_, commander_;  // last: they use the others
};

}  // namespace lantern::chaos
