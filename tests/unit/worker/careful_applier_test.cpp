#include "host/worker/careful_applier.hpp"

#include <gtest/gtest.h>

#include "host/core/limits.hpp"
#include "tests/unit/worker/fakes.hpp"

namespace lantern::worker {
namespace {

using namespace std::chrono_literals;

EventId id_of(int number) {
    return Uuid::derived(Uuid{}, std::to_string(number));
}

// Says what it was given, and whether it was given it alone.
class Noting final : public Applier, public Watch {
public:
    struct Batch {
        std::vector<EventId> events;
        std::map<EventId, Outcome> verdicts;
        bool alone = false;
        bool complete = true;
    };

    Carried carry_out(Plan& plan, const std::vector<Lease>&) override {
        Batch batch{{}, {}, alone_, plan.complete};
        for (const Event* event : plan.events) batch.events.push_back(event->id);
        for (const auto& [event, outcome] : plan.verdicts) batch.verdicts.emplace(event->id, outcome);
        batches.push_back(batch);
        return Carried::committed;
    }
    std::string away() const override { return {}; }
    void renew() override { ++renewed; }

    void calling(const Event&, int) override {}
    void returned() override {}
    void alone() override { alone_ = true; }
    void in_company() override { alone_ = false; }
    void applied(std::size_t, std::size_t, std::size_t) override {}
    void parked(const Event&, const StreamRow&, const std::string&) override {}
    void malformed(const std::string&) override {}
    void waiting(const std::string&) override {}

    std::vector<Batch> batches;
    int renewed = 0;

private:
    bool alone_ = false;
};

class KnownCrashes final : public Crashes {
public:
    Suspicion suspicion() override {
        ++reads;
        return now;
    }
    void crash(int event, int times) { now.events.push_back({id_of(event), times, "signal 11", "#0 here"}); }

    Suspicion now;
    int reads = 0;
};

class CarefulApplierTest : public testing::Test {
protected:
    // Carries out what is left of the events 1 … count until all is done, as a worker does: what was cut is planned
    // again.
    void work_off(int count) {
        std::size_t done = 0;
        while (done < static_cast<std::size_t>(count)) {
            Plan plan = plan_of(static_cast<int>(done) + 1, count);
            ASSERT_EQ(careful.carry_out(plan, held), Carried::committed);
            ASSERT_FALSE(applier.batches.back().events.empty());
            done += applier.batches.back().events.size();
        }
    }

    Plan plan_of(int first, int last) {
        Plan plan;
        for (int number = first; number <= last; ++number) {
            Event event;
            event.id = id_of(number);
            event.stream = StreamId{number};
            plan.filled.push_back(event);
            plan.events.push_back(&plan.filled.back());
            plan.streams[event.stream].catching = catching;
        }
        return plan;
    }

    std::vector<std::size_t> sizes() const {
        std::vector<std::size_t> out;
        for (const auto& batch : applier.batches) out.push_back(batch.events.size());
        return out;
    }

    Noting applier;
    KnownCrashes crashes;
    fake::ManualClock clock;
    CarefulApplier careful{{applier, crashes, applier, clock}};
    std::vector<Lease> held{{Partition{0}, Epoch{1}, Position{}, std::nullopt}};
    StreamChange::Catching catching = StreamChange::Catching::no;
};

TEST_F(CarefulApplierTest, without_crashes_a_batch_is_one_batch_and_crashes_are_read_once) {
    work_off(5);
    work_off(5);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{5, 5}));
    EXPECT_FALSE(applier.batches[0].alone);
    EXPECT_EQ(crashes.reads, 1);
}

TEST_F(CarefulApplierTest, a_suspect_runs_alone_and_all_others_together) {
    crashes.crash(3, 1);
    work_off(6);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{2, 1, 3}));
    EXPECT_FALSE(applier.batches[0].alone);
    EXPECT_FALSE(applier.batches[0].complete);
    EXPECT_TRUE(applier.batches[1].alone);
    EXPECT_EQ(applier.batches[1].events.front(), id_of(3));
    EXPECT_FALSE(applier.batches[2].alone);
    EXPECT_TRUE(applier.batches[2].complete);
}

TEST_F(CarefulApplierTest, at_the_third_crash_the_plugin_is_not_asked_any_more) {
    crashes.crash(3, limits::kCrashesMax);
    work_off(6);
    ASSERT_EQ(sizes(), (std::vector<std::size_t>{6}));
    const auto& verdicts = applier.batches[0].verdicts;
    ASSERT_EQ(verdicts.size(), 1u);
    const Outcome& verdict = verdicts.at(id_of(3));
    EXPECT_EQ(verdict.kind, Outcome::Kind::rejected);
    EXPECT_EQ(verdict.reason, "the plugin died of this event 3 times: signal 11\n#0 here");
}

TEST_F(CarefulApplierTest, an_event_that_was_forgiven_meanwhile_is_tried_again) {
    crashes.crash(3, limits::kCrashesMax);
    work_off(1);
    crashes.now.events.clear();
    work_off(6);
    EXPECT_TRUE(applier.batches.back().verdicts.empty());
    EXPECT_EQ(applier.batches.back().events.size(), 6u);
}

TEST_F(CarefulApplierTest, crashes_are_read_again_when_a_lease_comes) {
    work_off(2);
    crashes.crash(2, 1);
    work_off(2);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{2, 2}));
    held[0].epoch = Epoch{2};
    work_off(2);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{2, 2, 1, 1}));
}

TEST_F(CarefulApplierTest, after_a_crash_that_nobody_claims_all_run_alone_for_a_while) {
    crashes.now.all = 10min;
    work_off(3);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{1, 1, 1}));
    EXPECT_TRUE(applier.batches[0].alone);
    clock.advance(11min);
    work_off(3);
    EXPECT_EQ(sizes(), (std::vector<std::size_t>{1, 1, 1, 3}));
}

TEST_F(CarefulApplierTest, a_stream_whose_catching_up_was_cut_is_not_caught_up_yet) {
    catching = StreamChange::Catching::last;
    crashes.crash(1, 1);
    Plan plan = plan_of(1, 2);
    careful.carry_out(plan, held);
    EXPECT_EQ(plan.streams.at(StreamId{1}).catching, StreamChange::Catching::last);
    EXPECT_EQ(plan.streams.at(StreamId{2}).catching, StreamChange::Catching::more_behind) << "its event is left";
}

}  // namespace
}  // namespace lantern::worker
