// Calls something again and again on a thread of its own, until it is destroyed. What is called uses nothing of
// other threads, throws nothing, and ends soon: the destructor waits for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "host/core/identifiers.hpp"

namespace lantern::postgres {

class Periodic {
public:
    Periodic(Milliseconds every, std::function<void()> act);
    ~Periodic();
    Periodic(const Periodic&) = delete;
    Periodic& operator=(const Periodic&) = delete;

private:
    void run();

    const Milliseconds every_;
    const std::function<void()> act_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool end_ = false;    // guarded by mutex_
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace lantern::postgres
