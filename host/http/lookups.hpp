// Rows of read models by the id of their aggregate, each at least at the revision that was asked for.
//
// What is asked of one route while a statement of it runs is asked together by the next one: alone, a question is
// put at once, and the more there are, the less each costs. An answer is as of a moment after its question came.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

class Lookups {
public:
    explicit Lookups(Workers& workers) : workers_(workers) {}  // which stop before this ends
    Lookups(const Lookups&) = delete;
    Lookups& operator=(const Lookups&) = delete;

    void handle(const ExchangePtr& exchange);  // any thread

private:
    struct Lookup;
    using LookupPtr = std::shared_ptr<Lookup>;  // shared, since a job that waits is copied by std::function
    struct Waiting {
        std::deque<LookupPtr> lookups;
        bool due = false;  // a job will take them
        int running = 0;   // statements
    };

    void ask(LookupPtr lookup);
    void start_one(const QueryRoute& route, Waiting& waiting);  // if there is something to ask, and room
    void run(Session& session, const QueryRoute& route);
    void look(Session& session, const QueryRoute& route, const std::vector<LookupPtr>& lookups);
    void take(const LookupPtr& lookup, const RowAnswer& found);

    Workers& workers_;
    std::mutex mutex_;
    std::map<const QueryRoute*, Waiting> waiting_;  // guarded by mutex_
};

}  // namespace lantern::http
