#include "host/http/lookups.hpp"

#include <algorithm>
#include <limits>

#include "host/http/guarded.hpp"
#include "host/http/question.hpp"

namespace lantern::http {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kStatements = 2;  // of one route at a time: while one is answered, the other is computed
constexpr std::size_t kLookupsTogether = 64;                            // in one statement
constexpr std::chrono::milliseconds kFirstPause{2}, kLongestPause{50};  // before the next look; doubles

const char* name_of(Pending pending) {
    switch (pending) {
        case Pending::none:
            return "none";
        case Pending::lagging:
            return "lagging";
        case Pending::retrying:
            return "retrying";
        case Pending::dead:
            return "dead";
    }
    return "";
}

void answer(Exchange& exchange, Revision wanted, Milliseconds asked, const RowAnswer& found) {
    const bool met = found.as_of >= wanted;
    std::vector<Header> headers;
    if (asked.count() > 0)
        headers.push_back({"Preference-Applied", "wait=" + std::to_string(asked.count() / 1000)});
    if (!met || (!found.row && found.pending != Pending::none))
        headers.push_back({"Lantern-Pending", name_of(found.pending)});
    if (!found.row)
        return exchange.refuse({404,
                                "not-found",
                                "Not found",
                                "There is no " + exchange.match.query->aggregate + " of this id.",
                                "",
                                "",
                                {}},
                               std::move(headers));
    const auto tag = etag(found.as_of);
    headers.push_back({"ETag", tag});
    if (met && if_none_match(exchange.request, tag)) return exchange.answer({304, "", "", std::move(headers)});
    exchange.answer_json(200, *found.row, std::move(headers));
}

}  // namespace

struct Lookups::Lookup {
    ExchangePtr exchange;
    Revision wanted;
    Milliseconds asked{0};  // to wait for it
    Steady::time_point until;
    std::chrono::milliseconds pause = kFirstPause;
};

void Lookups::handle(const ExchangePtr& exchange) {
    Question question(exchange->target);
    const auto wanted = question.number("min_revision", 0, std::numeric_limits<std::int64_t>::max());
    if (const auto complaint = question.complaint(); !complaint.empty())
        return exchange->refuse_malformed(complaint);
    const auto asked = wanted ? preferred_wait(exchange->request) : Milliseconds{0};
    ask(std::make_shared<Lookup>(Lookup{exchange, Revision{wanted.value_or(0)}, asked,
                                        asked.count() > 0 ? Steady::now() + asked : Steady::time_point{}}));
}

void Lookups::ask(LookupPtr lookup) {
    const auto& route = *lookup->exchange->match.query;
    std::lock_guard lock(mutex_);
    auto& waiting = waiting_[&route];
    waiting.lookups.push_back(std::move(lookup));
    start_one(route, waiting);
}

// Precondition: mutex_ is held.
void Lookups::start_one(const QueryRoute& route, Waiting& waiting) {
    if (waiting.lookups.empty() || waiting.due || waiting.running >= kStatements) return;
    waiting.due = true;
    workers_.run([this, &route](Session& session) { run(session, route); });
}

void Lookups::run(Session& session, const QueryRoute& route) {
    std::vector<LookupPtr> lookups;
    {
        std::lock_guard lock(mutex_);
        auto& waiting = waiting_[&route];
        const auto count = std::min(waiting.lookups.size(), kLookupsTogether);
        const auto end = waiting.lookups.begin() + static_cast<std::ptrdiff_t>(count);
        lookups.assign(std::make_move_iterator(waiting.lookups.begin()), std::make_move_iterator(end));
        waiting.lookups.erase(waiting.lookups.begin(), end);
        waiting.due = false;
        ++waiting.running;
        start_one(route, waiting);
    }
    look(session, route, lookups);
    std::lock_guard lock(mutex_);
    auto& waiting = waiting_[&route];
    --waiting.running;
    start_one(route, waiting);
}

void Lookups::look(Session& session, const QueryRoute& route, const std::vector<LookupPtr>& lookups) {
    RowQuery query{route.handler, route.table, route.aggregate, {}, route.absent_when};
    for (const auto& lookup : lookups) query.aggregate_ids.push_back(lookup->exchange->match.id());
    std::vector<RowAnswer> found;
    try {
        found = session.reads().row(query);
    } catch (const Fault& fault) {
        // An id that the database refuses is the matter of who sent it alone.
        if (fault.kind() == FaultKind::data && lookups.size() > 1) {
            for (const auto& lookup : lookups) look(session, route, {lookup});
            return;
        }
        for (const auto& lookup : lookups) lookup->exchange->refuse_fault(fault);
        return;
    } catch (const std::exception& error) {
        for (const auto& lookup : lookups) lookup->exchange->refuse_defect(error.what());
        return;
    }
    for (std::size_t n = 0; n < lookups.size(); ++n)
        guarded(lookups[n]->exchange, [&](Session&) { take(lookups[n], found.at(n)); })(session);
}

void Lookups::take(const LookupPtr& lookup, const RowAnswer& found) {
    auto& exchange = *lookup->exchange;
    if (found.head.value == 0)
        return exchange.refuse_absent("There is no " + exchange.match.query->aggregate + " of this id.");
    if (lookup->wanted > found.head)
        return exchange.refuse({412,
                                "revision-above-head",
                                "There is no such revision yet",
                                "The newest revision is " + std::to_string(found.head.value) + ".",
                                "min_revision",
                                "",
                                {}});
    const bool met = found.as_of >= lookup->wanted;
    if (met || found.pending == Pending::dead || Steady::now() >= lookup->until)
        return answer(exchange, lookup->wanted, lookup->asked, found);
    const auto pause = lookup->pause;
    lookup->pause = std::min(2 * pause, kLongestPause);
    workers_.run_after(pause, [this, lookup](Session&) { ask(lookup); });
}

}  // namespace lantern::http
