// Profile updates over HTTP at a steady rate, as long as it lives.
#pragma once

#include <atomic>
#include <thread>

#include "tests/bench/clients.hpp"

namespace lantern::bench {

class Updates {
public:
    Updates(Place& place, int users, int per_second);
    ~Updates() { stop(); }
    Updates(const Updates&) = delete;
    Updates& operator=(const Updates&) = delete;

    void stop();
    std::int64_t accepted() const { return accepted_; }
    std::int64_t refused() const { return refused_; }

private:
    std::atomic<bool> stop_ = false;
    std::atomic<std::int64_t> accepted_ = 0, refused_ = 0;
    std::vector<std::thread> threads_;  // last: they use the others
};

}  // namespace lantern::bench
