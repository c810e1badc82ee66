// The reconciler on a thread of its own, so that a probe that hangs or a database that is away never makes the
// supervisor wait.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "host/apps/host/reconciler.hpp"

namespace lantern::apps {

class LiveChanges {
public:
    LiveChanges(std::unique_ptr<Reconciler> reconciler, telemetry::Log log);
    ~LiveChanges();
    LiveChanges(const LiveChanges&) = delete;
    LiveChanges& operator=(const LiveChanges&) = delete;

    // Readable when take() has something; for poll.
    int descriptor() const { return news_; }
    std::optional<Target> take();
    void report(Reconciler::Problems problems);

private:
    void run();

    const std::unique_ptr<Reconciler> reconciler_;  // the thread's
    const telemetry::Log log_;
    const int news_, ends_;  // eventfd

    std::mutex mutex_;
    // Guarded by mutex_.
    std::optional<Target> next_;
    Reconciler::Problems reported_;
    bool end_ = false;

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace lantern::apps
