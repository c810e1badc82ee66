// How a process learns that it should end: SIGTERM, SIGINT, or the end of its parent (its lifeline closes).
#pragma once

#include <chrono>

namespace lantern::processes {

class StopRequest {
public:
    // Blocks the signals in this thread and in those it makes later: construct it first in main.
    StopRequest();
    ~StopRequest();
    StopRequest(const StopRequest&) = delete;
    StopRequest& operator=(const StopRequest&) = delete;

    // Stays true once it is. Any thread.
    bool requested() const { return wait(std::chrono::milliseconds{0}); }
    bool wait(std::chrono::milliseconds wait) const;
    // Readable once a stop is requested, and from then on; for poll and event loops. Never read from it.
    int descriptor() const { return epoll_; }

private:
    int signals_ = -1;
    int epoll_ = -1;
};

}  // namespace lantern::processes
