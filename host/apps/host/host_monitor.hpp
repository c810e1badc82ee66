// What a host tells those who watch it, over HTTP and without a token:
//   GET /healthz   200 while the process lives
//   GET /readyz    200 when what waits is worked off; else 503, and who does not work it off (supervise/health.hpp)
//   GET /metrics   for Prometheus
// On a thread and with connections of its own: neither can make the supervisor wait.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "host/apps/host/member_tallies.hpp"
#include "host/core/settings.hpp"
#include "host/http/server.hpp"
#include "host/postgres/operate/backlogs.hpp"
#include "host/postgres/operate/catalog.hpp"

namespace lantern::apps {

class HostMonitor {
public:
    // Fault(configuration) when it cannot listen. `tallies` outlives it.
    struct Self {
        std::string name;
        std::set<supervise::Role> roles;
    };
    HostMonitor(const Settings& settings, Self self, const MemberTallies& tallies);
    ~HostMonitor();
    HostMonitor(const HostMonitor&) = delete;
    HostMonitor& operator=(const HostMonitor&) = delete;

    int port() const { return server_->port(); }

    // Until then it is not ready.
    void everything_runs() { runs_ = true; }
    // How long one call of a handler's plugin may take.
    void time_limits(std::map<std::string, std::chrono::milliseconds> by_handler);

private:
    struct Question {
        http::Request request;
        http::Respond respond;
    };
    struct Store {
        explicit Store(const std::string& url) : catalog(url), backlogs(url) {}
        postgres::Catalog catalog;
        postgres::Backlogs backlogs;
    };

    void take(http::Request request, http::Respond respond);  // the server's thread
    void answer_all();                                        // our thread
    http::Response metrics();
    http::Response readiness();
    Store& store();
    supervise::Sight sight();

    // Constant after construction.
    const std::string postgres_url_;
    const Self self_;
    const MemberTallies& tallies_;
    std::atomic<bool> runs_ = false;
    std::optional<Store> store_;  // our thread's

    std::mutex mutex_;
    std::condition_variable asked_;
    // Guarded by mutex_.
    std::deque<Question> questions_;
    std::map<std::string, std::chrono::milliseconds> time_limits_;
    bool ends_ = false;

    std::thread thread_;
    std::optional<http::Server> server_;  // last: it calls take()
};

}  // namespace lantern::apps
