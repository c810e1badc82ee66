// Counts open connections and unanswered requests of a server, so that there are not too many, and so that stopping
// knows when all is done. Private to server.cpp.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <restinio/all.hpp>

namespace lantern::http {

class Traffic {
public:
    explicit Traffic(std::size_t connections_max) : connections_max_(static_cast<long>(connections_max)) {}

    // RESTinio's own limiter is owned by the server, but its connections may live longer.  [I/O thread]
    restinio::ip_blocker::inspection_result_t inspect(const restinio::ip_blocker::incoming_info_t&) noexcept {
        if (connections_ >= connections_max_) return restinio::ip_blocker::deny();
        ++connections_;  // from now on, so that those that still shake hands count too
        return restinio::ip_blocker::allow();
    }
    void state_changed(const restinio::connection_state::notice_t& notice) noexcept {  // [I/O thread]
        if (!std::holds_alternative<restinio::connection_state::closed_t>(notice.cause())) return;
        --connections_;
        std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    void request_read() { ++unanswered_; }
    void request_answered() {
        --unanswered_;
        std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    // Until no connection is open and nobody answers any more: who gave an answer holds its connection for a moment
    // after it was written and closed. Silent connections are not waited for beyond `silent`, unanswered requests
    // not beyond `all`. False: some are still unanswered.
    bool wait_until_done(std::chrono::milliseconds silent, std::chrono::milliseconds all) {
        std::unique_lock lock(mutex_);
        const auto done = [this] { return connections_ == 0 && all_answered(); };
        if (changed_.wait_for(lock, silent, done)) return true;
        if (!changed_.wait_for(lock, all, [this] { return all_answered(); })) return false;
        changed_.wait_for(lock, silent, done);  // the last answers are being written
        return all_answered();
    }
    bool all_answered() const { return unanswered_ == 0; }
    // Closing: the answer that is given now is the connection's last.
    std::atomic<bool> closing = false;

private:
    const long connections_max_;
    std::atomic<long> connections_ = 0;
    std::atomic<long> unanswered_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
};

}  // namespace lantern::http
