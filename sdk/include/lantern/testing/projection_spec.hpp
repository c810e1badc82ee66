// given events, then rows:
//
//     ProjectionSpec(lantern_plugin)
//         .given(event("USER_CREATED", "user/1", R"({"username": "sarah"})"))
//         .then("users", R"([{"id": "1", "username": "sarah"}])");
//
// The events also run in other ways that Lantern may choose, and must give the same tables: in batches that are
// rolled back and delivered again, with duplicates, with the object made anew at random, replayed as a whole and
// stream by stream, and with the streams interleaved in another order. A difference throws Failure with a diff and
// the seed; LANTERN_TEST_SEED=<seed> repeats it.
#pragma once

#include <cstdlib>
#include <random>

#include <lantern/testing/projection_run.hpp>
#include <lantern/testing/rows.hpp>

namespace lantern::testing {

inline std::uint64_t test_seed() {
    static const std::uint64_t seed = [] {
        const char* given = std::getenv("LANTERN_TEST_SEED");
        const std::uint64_t value = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::fprintf(stderr, "LANTERN_TEST_SEED=%llu\n", static_cast<unsigned long long>(value));
        return value;
    }();
    return seed;
}

class ProjectionSpec {
public:
    explicit ProjectionSpec(const lantern_plugin_v1& plugin, std::string settings = "{}")
        : plugin_(plugin), settings_(std::move(settings)), reference_(plugin, settings_), random_(test_seed()) {}

    ProjectionSpec& given(std::vector<GivenEvent> events) {
        for (GivenEvent& event : events) {
            numbering_.number(event);
            events_.push_back(std::move(event));
        }
        checked_ = false;
        return *this;
    }
    template <class... More>
    requires(std::same_as<More, GivenEvent>&&...) ProjectionSpec& given(GivenEvent first, More... more) {
        std::vector<GivenEvent> events;
        events.push_back(std::move(first));
        (events.push_back(std::move(more)), ...);
        return given(std::move(events));
    }

    // The table holds exactly these rows: a JSON array of objects. Columns that are not named are not compared.
    ProjectionSpec& then(std::string_view table, std::string_view rows) {
        check();
        for (const auto& [event, answer] : answers_)
            if (!answer.advances() && !expected_failures_.contains(event))
                throw Failure("event " + std::to_string(event) + " failed: " + answer.text());
        const std::string difference = differing(reference_.tables(), table, parse_expected(rows));
        if (!difference.empty()) throw Failure("table " + std::string(table) + " differs:\n" + difference);
        return *this;
    }
    // What the handler answered to the last event given; `reason` is a part of its reason.
    ProjectionSpec& then_answered(lantern_outcome_kind kind, std::string_view reason = {}) {
        check();
        const Answer& answer = answers_.at(events_.back().position);
        if (answer.kind != kind || answer.reason.find(reason) == std::string::npos)
            throw Failure("the handler answered " + answer.text());
        expected_failures_.insert(events_.back().position);
        return *this;
    }
    const Tables& tables() {
        check();
        return reference_.tables();
    }

private:
    static constexpr int kRounds = 20;
    using Order = std::vector<const GivenEvent*>;

    void check() {
        if (checked_) return;
        answers_.clear();
        reference_.forget_all();
        Order given;
        for (const GivenEvent& event : events_) given.push_back(&event);
        for (const GivenEvent* event : given) {
            const auto result = reference_.deliver(*event);
            if (result.how == ProjectionRun::Delivered::handled) answers_[event->position] = result.answer;
            reference_.commit();
        }
        for (int round = 0; round < kRounds; ++round) {
            ProjectionRun run(plugin_, settings_);
            play(run, given);
            same(run, "in other batches, rolled back and redelivered, the object made anew");
            run.forget_all();
            play(run, interleaved());
            same(run, "with the streams interleaved in another order");
            refold_some(run);
            same(run, "after a replay of single streams");
        }
        checked_ = true;
    }

    bool chance(int percent) { return int(random_() % 100) < percent; }

    // Delivers in batches; some are rolled back and come again, and what was committed comes again too.
    void play(ProjectionRun& run, const Order& order) {
        std::size_t committed = 0;
        while (committed < order.size()) {
            const std::size_t end = std::min(order.size(), committed + 1 + random_() % 4);
            for (std::size_t at = committed; at < end; ++at) {
                deliver(run, *order[at]);
                if (chance(20)) deliver(run, *order[random_() % (at + 1)]);
            }
            if (chance(25)) {
                run.roll_back();
                continue;
            }
            run.commit();
            committed = end;
            if (chance(20)) run.renew();
            if (chance(20)) committed -= random_() % (committed + 1);
        }
    }

    void deliver(ProjectionRun& run, const GivenEvent& event) {
        const auto result = run.deliver(event);
        if (result.how != ProjectionRun::Delivered::handled) return;
        const auto reference = answers_.find(event.position);
        if (reference != answers_.end() && reference->second.kind == result.answer.kind) return;
        throw Failure(
            seeded("event " + std::to_string(event.position) + " was answered otherwise: " + result.answer.text()));
    }

    // Another order across streams, the same within each.
    Order interleaved() {
        std::map<std::int64_t, Order> streams;
        for (const GivenEvent& event : events_) streams[event.stream_id].push_back(&event);
        std::vector<std::int64_t> tickets;
        for (const GivenEvent& event : events_) tickets.push_back(event.stream_id);
        std::shuffle(tickets.begin(), tickets.end(), random_);
        std::map<std::int64_t, std::size_t> next;
        Order order;
        for (std::int64_t stream : tickets) order.push_back(streams[stream][next[stream]++]);
        return order;
    }

    // Single streams can be folded again only where all tables are owned.
    void refold_some(ProjectionRun& run) {
        for (const TableShape& table : run.shape().tables)
            if (table.shared) return;
        if (events_.empty()) return;
        const std::string& id = events_[random_() % events_.size()].aggregate_id;
        Order order;
        std::set<std::int64_t> streams;
        for (const GivenEvent& event : events_) {
            if (event.aggregate_id != id) continue;
            order.push_back(&event);
            streams.insert(event.stream_id);
        }
        run.forget_streams(id, streams);
        play(run, order);
    }

    void same(const ProjectionRun& run, const std::string& how) {
        for (const TableShape& table : run.shape().tables) {
            const std::string difference =
                differing(run.tables(), table.name, reference_.tables().to_json(table.name));
            if (!difference.empty())
                throw Failure(seeded("table " + table.name + " is another " + how + ":\n" + difference));
        }
    }
    static std::string seeded(const std::string& text) {
        return text + "\nrepeat with LANTERN_TEST_SEED=" + std::to_string(test_seed());
    }

    const lantern_plugin_v1& plugin_;
    const std::string settings_;
    ProjectionRun reference_;
    std::mt19937_64 random_;
    Numbering numbering_;
    std::vector<GivenEvent> events_;
    std::map<std::int64_t, Answer> answers_;  // of the reference run, by position
    std::set<std::int64_t> expected_failures_;
    bool checked_ = false;
};

}  // namespace lantern::testing
