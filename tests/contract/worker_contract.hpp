// What every worker::History, ReadModel, Ledger and Leases must do. A World has one handler with four partitions
// and one owned table (id text, value text), and
//   append(stream number, type) -> the event; history(); model(); ledger(); leases()
#pragma once

#include <gtest/gtest.h>

#include "host/worker/ports.hpp"

namespace lantern::contract {

using worker::Flushed;
using worker::StreamRow;
using worker::StreamState;

template <class World>
class WorkerContract : public ::testing::Test {
protected:
    static StreamRow row(std::int64_t stream, std::int64_t revision) {
        StreamRow made;
        made.stream = StreamId{stream};
        made.revision = Revision{revision};
        return made;
    }
    static StreamRow parked(std::int64_t stream, std::int64_t revision, Timestamp next) {
        auto made = row(stream, revision);
        made.state = StreamState::retrying;
        made.seen = Revision{revision + 2};
        made.attempts = 1;
        made.next_attempt_at = next;
        made.last_error = "said \"no\"";
        return made;
    }
    worker::Entry entry() {
        const auto held = world_.leases().tick("", {}).held;
        worker::Entry made{world_.model().generation(), {}};
        for (const auto& lease : held) made.leases.emplace_back(lease.partition, lease.epoch);
        return made;
    }
    Flushed flush(std::vector<worker::StreamUpdate> streams, std::vector<worker::TableWrites> tables = {}) {
        return world_.model().flush({entry(), std::move(tables), std::move(streams), {}});
    }
    std::optional<Row> find(const std::string& id) {
        const std::vector<worker::TableKey> keys{{0, {id}}};
        return world_.model().find(keys).at(0);
    }
    std::vector<StreamRow> rows(std::vector<std::int64_t> streams) {
        std::vector<StreamId> ids(streams.begin(), streams.end());
        return world_.model().rows(ids);
    }
    worker::Effect effect(EventId event, worker::EffectState state) {
        const auto lease = world_.leases().tick("", {}).held.at(0);
        return {event, StreamId{1}, Revision{1}, Uuid::derived(event, "key"), state, lease.epoch, 1, "note"};
    }

    World world_;
};
TYPED_TEST_SUITE_P(WorkerContract);

TYPED_TEST_P(WorkerContract, GapsAreFilledWithWhatTheRoutesWant) {
    const auto first = this->world_.append(1, "WANTED");
    this->world_.append(1, "OTHER");
    const auto third = this->world_.append(1, "WANTED");
    const auto elsewhere = this->world_.append(2, "WANTED");
    const Routes routes({{"WANTED", Position{0}, std::nullopt}});
    auto& history = this->world_.history();
    const auto ids = [](const std::vector<Event>& events) {
        std::vector<EventId> out;
        for (const auto& event : events) out.push_back(event.id);
        return out;
    };
    std::vector<worker::Gap> gaps{{first.stream, Revision{0}, std::nullopt}};
    EXPECT_EQ(history.between(gaps, routes, 10).events, (std::vector<Event>{first, third}));
    gaps = {{first.stream, Revision{0}, Revision{3}}};
    EXPECT_EQ(ids(history.between(gaps, routes, 10).events), (std::vector<EventId>{first.id}));
    gaps = {{first.stream, Revision{1}, Revision{3}}};
    EXPECT_TRUE(history.between(gaps, routes, 10).events.empty()) << "the event between is not wanted";
    gaps = {{first.stream, Revision{0}, std::nullopt}, {elsewhere.stream, Revision{0}, std::nullopt}};
    const auto cut = history.between(gaps, routes, 2);
    EXPECT_FALSE(cut.complete);
    EXPECT_EQ(ids(cut.events), (std::vector<EventId>{first.id, third.id}));
    EXPECT_TRUE(history.between(gaps, routes, 3).complete);
    std::swap(gaps[0], gaps[1]);
    EXPECT_EQ(ids(history.between(gaps, routes, 10).events),
              (std::vector<EventId>{elsewhere.id, first.id, third.id}))
        << "in the order of the gaps, not of the streams";
    EXPECT_EQ(ids(history.between(gaps, routes, 2).events), (std::vector<EventId>{elsewhere.id, first.id}))
        << "also when it is cut";
    const Routes later({{"WANTED", first.position, third.position}});
    EXPECT_EQ(ids(history.between(gaps, later, 10).events), (std::vector<EventId>{third.id}));
    EXPECT_TRUE(history.between(gaps, Routes(), 10).events.empty());
}

TYPED_TEST_P(WorkerContract, HistoryIsPagedByPartition) {
    std::vector<Event> all;
    for (int n = 0; n < 24; ++n) all.push_back(this->world_.append(n % 6, n % 3 ? "WANTED" : "OTHER"));
    const Routes routes({{"WANTED", Position{0}, std::nullopt}});
    std::size_t seen = 0;
    for (int partition = 0; partition < 4; ++partition) {
        Position after;
        for (;;) {
            const auto page =
                this->world_.history().page(Partition{partition}, 4, routes, after, all.back().position, 2);
            for (const auto& event : page) {
                EXPECT_EQ(partition_of(bucket_of(event.stream), 4), Partition{partition});
                EXPECT_EQ(event.type, "WANTED");
                EXPECT_GT(event.position, after);
                after = event.position;
                ++seen;
            }
            if (page.size() < 2) break;
        }
    }
    EXPECT_EQ(seen, 16u);
    const auto until = this->world_.history().page(partition_of(bucket_of(all[1].stream), 4), 4, routes,
                                                   Position{0}, all[1].position, 10);
    EXPECT_EQ(until.size(), 1u);
}

TYPED_TEST_P(WorkerContract, StreamRowsAreWrittenByCompareAndSet) {
    EXPECT_TRUE(this->rows({7}).empty());
    EXPECT_EQ(this->flush({{this->row(7, 0), this->row(7, 2)}}), Flushed::committed);
    EXPECT_EQ(this->rows({7, 8}), (std::vector<StreamRow>{this->row(7, 2)}));
    EXPECT_EQ(this->flush({{this->row(7, 0), this->row(7, 3)}}), Flushed::conflict);
    EXPECT_EQ(this->flush({{this->row(6, 0), this->row(6, 1)}, {this->row(7, 1), this->row(7, 3)}}),
              Flushed::conflict);
    EXPECT_EQ(this->rows({6, 7}), (std::vector<StreamRow>{this->row(7, 2)})) << "nothing of a conflict is written";
    EXPECT_EQ(this->flush({{this->row(7, 2), this->row(7, 3)}}), Flushed::committed);

    const Timestamp now{std::chrono::seconds(1'800'000'000)};
    const auto parked = this->parked(7, 3, now);
    EXPECT_EQ(this->flush({{this->row(7, 3), parked}}), Flushed::committed);
    EXPECT_EQ(this->rows({7}), (std::vector<StreamRow>{parked}));
    EXPECT_EQ(this->flush({{this->row(7, 3), this->row(7, 4)}}), Flushed::conflict) << "it is parked";
    auto unseen = parked;
    unseen.seen = Revision{4};
    EXPECT_EQ(this->flush({{unseen, this->row(7, 4)}}), Flushed::conflict) << "more was seen meanwhile";
    auto undue = parked;
    undue.next_attempt_at = now + std::chrono::seconds(1);
    EXPECT_EQ(this->flush({{undue, this->row(7, 4)}}), Flushed::conflict) << "an operator moved its time meanwhile";
    EXPECT_EQ(this->flush({{parked, this->row(7, 5)}}), Flushed::committed);
}

TYPED_TEST_P(WorkerContract, TablesChangeWithTheirStreams) {
    const auto value = [](const char* text) { return Value{std::string(text)}; };
    using Writes = worker::TableWrites;
    EXPECT_EQ(this->flush({{this->row(1, 0), this->row(1, 1)}},
                          {Writes{0, {{value("a"), value("1")}, {value("b"), value("2")}}, {}, {}, {}}}),
              Flushed::committed);
    EXPECT_EQ(this->find("a"), (Row{value("a"), value("1")}));
    EXPECT_FALSE(this->find("c"));
    EXPECT_EQ(
        this->flush({{this->row(1, 0), this->row(1, 2)}}, {Writes{0, {{value("a"), value("9")}}, {}, {}, {}}}),
        Flushed::conflict);
    EXPECT_EQ(this->find("a"), (Row{value("a"), value("1")}));
    EXPECT_EQ(this->flush({{this->row(1, 1), this->row(1, 2)}},
                          {Writes{0,
                                  {},
                                  {{{value("a")}, {{1, Value{}}}}, {{value("c")}, {{1, value("none")}}}},
                                  {{value("b")}},
                                  {}}}),
              Flushed::committed);
    EXPECT_EQ(this->find("a"), (Row{value("a"), Value{}}));
    EXPECT_FALSE(this->find("b"));
    EXPECT_FALSE(this->find("c")) << "a patch makes no row";
}

TYPED_TEST_P(WorkerContract, WhatIsNotAsBelievedIsRefused) {
    worker::Flush flush{this->entry(), {}, {{this->row(1, 0), this->row(1, 1)}}, {}};
    ++flush.entry.leases.at(0).second.value;
    EXPECT_EQ(this->world_.model().flush(flush), Flushed::fenced);
    --flush.entry.leases.at(0).second.value;
    ++flush.entry.generation.value;
    EXPECT_EQ(this->world_.model().flush(flush), Flushed::regenerated);
    --flush.entry.generation.value;
    EXPECT_EQ(this->world_.model().flush(flush), Flushed::committed);
}

TYPED_TEST_P(WorkerContract, DueStreamsAreFoundWhenTheirTimeHasCome) {
    const Timestamp now{std::chrono::seconds(1'800'000'000)};
    auto dead = this->row(3, 1);
    dead.state = StreamState::dead;
    const auto due = this->parked(1, 1, now), later = this->parked(2, 1, now + std::chrono::seconds(1));
    ASSERT_EQ(this->flush({{this->row(1, 0), due}, {this->row(2, 0), later}, {this->row(3, 0), dead}}),
              Flushed::committed);
    const std::vector<Partition> all{Partition{0}, Partition{1}, Partition{2}, Partition{3}};
    EXPECT_EQ(this->world_.model().due(all, 4, now, 10), (std::vector<StreamRow>{due}));
    EXPECT_EQ(this->world_.model().due(all, 4, now + std::chrono::seconds(1), 10).size(), 2u);
    EXPECT_EQ(this->world_.model().due(all, 4, now + std::chrono::seconds(1), 1).size(), 1u);
}

TYPED_TEST_P(WorkerContract, TheLedgerMovesWithTheStream) {
    using State = worker::EffectState;
    auto& ledger = this->world_.ledger();
    const auto first = this->world_.append(1, "WANTED").id, second = this->world_.append(1, "WANTED").id;
    EXPECT_FALSE(ledger.find(first));
    const auto pending = this->effect(first, State::pending);
    EXPECT_EQ(ledger.commit({this->entry(), {}, {}, {}, pending}), Flushed::committed);
    auto found = ledger.find(first);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->state, State::pending);
    EXPECT_EQ(found->key, pending.key);
    EXPECT_EQ(found->epoch, pending.epoch);

    const auto done = this->effect(first, State::done), next = this->effect(second, State::pending);
    EXPECT_EQ(ledger.commit({this->entry(), done, {{this->row(1, 5), this->row(1, 6)}}, {}, next}),
              Flushed::conflict);
    EXPECT_EQ(ledger.find(first)->state, State::pending);
    EXPECT_FALSE(ledger.find(second));
    EXPECT_EQ(ledger.commit({this->entry(), done, {{this->row(1, 0), this->row(1, 1)}}, {}, next}),
              Flushed::committed);
    EXPECT_EQ(ledger.find(first)->state, State::done);
    EXPECT_EQ(ledger.find(second)->state, State::pending);
    EXPECT_EQ(this->rows({1}), (std::vector<StreamRow>{this->row(1, 1)}));
}

TYPED_TEST_P(WorkerContract, ALoneWorkerHoldsEveryPartition) {
    auto& leases = this->world_.leases();
    auto view = leases.tick("", {});
    ASSERT_EQ(view.held.size(), 4u);
    EXPECT_TRUE(view.to_release.empty());
    EXPECT_FALSE(view.held[0].feed_target) << "not bound yet";
    EXPECT_EQ(view.queues, worker::Queues::to_bind);
    leases.bound();
    view = leases.tick("", {});
    EXPECT_EQ(view.queues, worker::Queues::bound);
    ASSERT_TRUE(view.held[0].feed_target);
    const auto& lease = view.held[2];
    EXPECT_TRUE(leases.holds(lease.partition, lease.epoch));
    EXPECT_FALSE(leases.holds(lease.partition, Epoch{lease.epoch.value + 1}));
    leases.fed_up_to(lease.partition, lease.epoch, Position{9});
    EXPECT_EQ(leases.tick("", {}).held[2].feed_cursor, Position{9});
    leases.leave();
    EXPECT_FALSE(leases.holds(lease.partition, lease.epoch));
}

TYPED_TEST_P(WorkerContract, WhoIsDetachedIsFedUntilItIsBoundAgain) {
    auto& leases = this->world_.leases();
    leases.tick("", {});
    leases.bound();
    leases.detach("further behind than its queues hold");
    const auto view = leases.tick("", {});
    EXPECT_NE(view.queues, worker::Queues::bound);
    ASSERT_EQ(view.held.size(), 4u);
    EXPECT_FALSE(view.held[0].feed_target);
}

TYPED_TEST_P(WorkerContract, ALiveStreamWithANoteIsDue) {
    const Timestamp now{std::chrono::seconds(1'800'000'000)};
    auto noted = this->row(4, 1);
    noted.next_attempt_at = now;
    ASSERT_EQ(this->flush({{this->row(4, 0), noted}, {this->row(5, 0), this->row(5, 1)}}), Flushed::committed);
    const std::vector<Partition> all{Partition{0}, Partition{1}, Partition{2}, Partition{3}};
    EXPECT_EQ(this->world_.model().due(all, 4, now, 10), (std::vector<StreamRow>{noted}));
    EXPECT_EQ(this->flush({{this->row(4, 1), this->row(4, 2)}}), Flushed::committed) << "it disturbs nobody";
    noted.revision = Revision{2};
    EXPECT_EQ(this->world_.model().due(all, 4, now, 10), (std::vector<StreamRow>{noted})) << "and is kept";
    EXPECT_EQ(this->flush({{noted, this->row(4, 3)}}), Flushed::committed);
    EXPECT_TRUE(this->world_.model().due(all, 4, now, 10).empty());
}

REGISTER_TYPED_TEST_SUITE_P(WorkerContract, GapsAreFilledWithWhatTheRoutesWant, HistoryIsPagedByPartition,
                            StreamRowsAreWrittenByCompareAndSet, TablesChangeWithTheirStreams,
                            WhatIsNotAsBelievedIsRefused, DueStreamsAreFoundWhenTheirTimeHasCome,
                            TheLedgerMovesWithTheStream, ALoneWorkerHoldsEveryPartition,
                            WhoIsDetachedIsFedUntilItIsBoundAgain, ALiveStreamWithANoteIsDue);

}  // namespace lantern::contract
