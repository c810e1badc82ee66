#include "host/supervise/blame.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace lantern::supervise {
namespace {

using namespace std::chrono_literals;
using Phase = Call::Phase;

const Member kWorker{Role::worker, "audit_log", 0};
const Member kApi{Role::api, "", 0};

Call call_of(Phase phase, int thread = 7) {
    Call call;
    call.phase = phase;
    call.number = 3;
    call.subject = "audit_log";
    call.build = "abc";
    call.command = "change";
    call.event = *Uuid::parse("0192d3a4-5b6c-7d8e-8f90-a1b2c3d4e5f6");
    call.stream = StreamId{42};
    call.thread = thread;
    call.time_limit = 10s;
    return call;
}

Death died(int signal, std::vector<Call> calls, int thread = 0) {
    Death death{kWorker, 100, "signal", signal};
    death.calls = std::move(calls);
    death.ending_thread = thread;
    return death;
}

TEST(Blame, a_fault_inside_a_call_is_the_events) {
    auto death = died(SIGSEGV, {call_of(Phase::inside)}, 7);
    death.how = "signal 11 (Segmentation fault)";
    death.backtrace = "#0 here";
    const auto crash = blame(death);
    ASSERT_TRUE(crash);
    EXPECT_EQ(crash->event, call_of(Phase::inside).event);
    EXPECT_EQ(crash->subject, "audit_log");
    EXPECT_EQ(crash->build, "abc");
    EXPECT_EQ(crash->cause, "signal 11 (Segmentation fault)");
    EXPECT_EQ(crash->backtrace, "#0 here");
}

TEST(Blame, what_follows_a_call_made_alone_is_the_events_too) {
    EXPECT_TRUE(blame(died(SIGABRT, {call_of(Phase::after)}, 7))->event);
}

TEST(Blame, a_fault_outside_of_any_call_is_the_builds_alone) {
    const auto crash = blame(died(SIGABRT, {call_of(Phase::outside)}, 7));
    ASSERT_TRUE(crash);
    EXPECT_FALSE(crash->event);
    EXPECT_EQ(crash->build, "abc");
}

TEST(Blame, an_exit_is_charged_only_inside_a_call) {
    auto death = died(0, {call_of(Phase::inside)}, 7);
    death.how = "exit code 0";
    EXPECT_EQ(blame(death)->cause, "exit code 0 inside the plugin");
    EXPECT_FALSE(blame(died(0, {call_of(Phase::outside)})));
}

TEST(Blame, a_kill_from_outside_is_nobodys_fault) {
    for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP})
        EXPECT_FALSE(blame(died(signal, {call_of(Phase::inside)}))) << signal;
}

TEST(Blame, a_sentence_is_charged_to_the_call_it_was_passed_on_and_to_no_later_one) {
    auto death = died(SIGKILL, {call_of(Phase::inside)});
    death.sentence = Sentence{Sentence::Offence::overran, 0, 3, "overran its time limit of 10 s"};
    ASSERT_TRUE(blame(death));
    EXPECT_EQ(blame(death)->cause, "overran its time limit of 10 s");
    death.sentence->number = 2;
    EXPECT_FALSE(blame(death));
}

TEST(Blame, memory_is_charged_to_the_event_in_hand_or_to_the_build) {
    auto death = died(SIGKILL, {call_of(Phase::inside)});
    death.sentence = Sentence{Sentence::Offence::memory, 0, 0, "used 600 MiB of memory, 512 MiB are allowed"};
    EXPECT_TRUE(blame(death)->event);
    death.calls = {call_of(Phase::outside)};
    ASSERT_TRUE(blame(death));
    EXPECT_FALSE(blame(death)->event);
}

TEST(Blame, of_several_threads_the_one_that_faulted_is_charged) {
    auto death = died(SIGSEGV, {call_of(Phase::inside, 7), call_of(Phase::inside, 8)}, 8);
    death.member = kApi;
    death.calls[1].command = "rename";
    EXPECT_EQ(blame(death)->command, "rename");
    EXPECT_FALSE(blame(death)->event);
    death.ending_thread = 9;  // a thread of neither
    EXPECT_FALSE(blame(death));
}

class WatchdogTest : public testing::Test {
protected:
    std::optional<Sentence> look(Watchdog::Process process = Watchdog::Process::runs) {
        return watchdog.look(kWorker, {call}, process, now);
    }
    // As the host does: at least once in kLookEvery.
    std::optional<Sentence> watch_for(std::chrono::seconds time,
                                      Watchdog::Process process = Watchdog::Process::runs) {
        std::optional<Sentence> sentence;
        for (auto second = 0s; second < time && !sentence; ++second) {
            now += 1s;
            sentence = look(process);
        }
        return sentence;
    }

    Watchdog watchdog;
    Watchdog::Time now{1000s};
    Call call = [] {
        auto made = call_of(Phase::inside);
        made.since = Watchdog::Time{1000s};
        return made;
    }();
};

TEST_F(WatchdogTest, a_call_has_its_limit_and_a_quarter_more) {
    EXPECT_FALSE(watch_for(12s));
    const auto sentence = watch_for(1s);
    ASSERT_TRUE(sentence);
    EXPECT_EQ(sentence->number, 3u);
    EXPECT_EQ(sentence->text, "overran its time limit of 10 s");
}

TEST_F(WatchdogTest, outside_of_a_call_nothing_overruns) {
    call.phase = Phase::outside;
    EXPECT_FALSE(watch_for(100s));
    call.phase = Phase::after;
    EXPECT_FALSE(watch_for(100s));
}

TEST_F(WatchdogTest, time_spent_frozen_is_not_charged) {
    EXPECT_FALSE(watch_for(5s));
    EXPECT_FALSE(watch_for(60s, Watchdog::Process::frozen));
    EXPECT_FALSE(watch_for(12s));
    EXPECT_TRUE(watch_for(1s));
}

TEST_F(WatchdogTest, time_in_which_we_did_not_look_is_not_charged) {
    EXPECT_FALSE(look());
    now += 60s;
    EXPECT_FALSE(look());
    EXPECT_FALSE(watch_for(12s));
    EXPECT_TRUE(watch_for(1s));
}

}  // namespace
}  // namespace lantern::supervise
