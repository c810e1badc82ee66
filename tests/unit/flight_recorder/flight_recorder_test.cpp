// What a process leaves behind when it dies: children of this one die in every way that a plugin knows.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

#include "host/flight_recorder/backtrace.hpp"
#include "host/flight_recorder/board.hpp"
#include "host/flight_recorder/recorder.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::flight_recorder {
namespace {

using Phase = supervise::Call::Phase;

Event event_of(std::int64_t revision) {
    Event event;
    event.id = *Uuid::parse("0192d3a4-5b6c-7d8e-8f90-a1b2c3d4e5f6");
    event.stream = StreamId{42};
    event.revision = Revision{revision};
    event.position = Position{1000 + revision};
    return event;
}

// Noinline and external, so that it has a name and a frame. That it faults is its purpose: no sanitizer comes
// first.
__attribute__((noinline, no_sanitize("undefined", "address"))) int dereference_nothing(volatile int* nothing) {
    return *nothing + 1;
}

__attribute__((noinline)) int fill_the_stack(volatile char* above) {
    volatile char here[4096];
    here[0] = *above;
    return *above == 1 ? 0 : fill_the_stack(here) + here[0];  // it never is
}

class FlightRecorderTest : public testing::Test {
protected:
    // Runs it in a child that has a recorder, and waits for its end.
    int status_of(const std::function<void(Recorder&, Slot&)>& life) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::setenv(kVariable, std::to_string(board.descriptor()).c_str(), 1);
            Recorder recorder;
            recorder.record_crashes();
            Slot slot = recorder.slot(0);
            slot.belongs_to({"audit_log", "abc123", std::chrono::seconds(30), 1u << 20});
            life(recorder, slot);
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return status;
    }

    Board board;
};

TEST_F(FlightRecorderTest, a_crash_inside_a_call_leaves_call_signal_thread_and_backtrace) {
    const int status = status_of([](Recorder&, Slot& slot) {
        slot.calling(event_of(6), 1);
        slot.returned();
        slot.calling(event_of(7), 2);
        dereference_nothing(nullptr);
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGSEGV);
    const auto calls = board.calls();
    ASSERT_EQ(calls.size(), 1u);
    const auto& call = calls.front();
    EXPECT_EQ(call.phase, Phase::inside);
    EXPECT_EQ(call.number, 2u);
    EXPECT_EQ(call.subject, "audit_log");
    EXPECT_EQ(call.build, "abc123");
    EXPECT_EQ(call.event, event_of(7).id);
    EXPECT_EQ(call.stream, StreamId{42});
    EXPECT_EQ(call.revision, Revision{7});
    EXPECT_EQ(call.position, Position{1007});
    EXPECT_EQ(call.attempt, 2);
    EXPECT_EQ(call.time_limit, std::chrono::seconds(30));
    const auto ending = board.ending();
    EXPECT_EQ(ending.signal, SIGSEGV);
    EXPECT_EQ(ending.thread, call.thread);
    EXPECT_NE(ending.backtrace.find("dereference_nothing"), std::string::npos) << ending.backtrace;
    EXPECT_EQ(ending.backtrace.find("on_crash"), std::string::npos) << ending.backtrace;
    EXPECT_TRUE(ending.backtrace.starts_with("#0 ")) << ending.backtrace;
}

TEST_F(FlightRecorderTest, an_overflown_stack_leaves_its_backtrace_too) {
    const int status = status_of([](Recorder&, Slot& slot) {
        slot.calling(event_of(1), 1);
        volatile char start = 0;
        fill_the_stack(&start);
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(board.ending().signal, SIGSEGV);
    EXPECT_NE(board.ending().backtrace.find("fill_the_stack"), std::string::npos) << board.ending().backtrace;
}

TEST_F(FlightRecorderTest, abort_and_exit_within_a_call_are_told_apart) {
    const int aborted = status_of([](Recorder&, Slot& slot) {
        slot.calling(event_of(1), 1);
        std::abort();
    });
    EXPECT_TRUE(WIFSIGNALED(aborted));
    EXPECT_EQ(board.ending().signal, SIGABRT);
}

TEST_F(FlightRecorderTest, an_exit_within_a_call_names_its_thread) {
    const int status = status_of([](Recorder&, Slot& slot) {
        slot.calling(event_of(1), 1);
        std::exit(0);
    });
    EXPECT_TRUE(WIFEXITED(status));
    ASSERT_EQ(board.calls().size(), 1u);
    EXPECT_EQ(board.calls().front().phase, Phase::inside);
    EXPECT_EQ(board.ending().thread, board.calls().front().thread);
    EXPECT_NE(board.ending().backtrace.find("exit"), std::string::npos);
}

TEST_F(FlightRecorderTest, a_return_ends_the_charge_unless_the_event_stays_charged) {
    status_of([](Recorder&, Slot& slot) {
        slot.calling(event_of(1), 1);
        slot.returned();
    });
    EXPECT_EQ(board.calls().front().phase, Phase::outside);
    status_of([](Recorder&, Slot& slot) {
        slot.stay_charged();
        slot.calling(event_of(1), 1);
        slot.returned();
    });
    EXPECT_EQ(board.calls().front().phase, Phase::after);
    status_of([](Recorder&, Slot& slot) {
        slot.stay_charged();
        slot.calling(event_of(1), 1);
        slot.returned();
        slot.release();
    });
    EXPECT_EQ(board.calls().front().phase, Phase::outside);
}

TEST_F(FlightRecorderTest, a_call_has_its_time_limit_left_and_what_is_no_call_has_no_end) {
    Recorder recorder;
    Slot slot = recorder.slot(0);
    constexpr auto kNoEnd = std::chrono::microseconds::max();
    slot.belongs_to({"audit_log", "abc123", std::chrono::hours(1), 0});
    EXPECT_EQ(slot.time_left(), kNoEnd);
    slot.calling(event_of(1), 1);
    EXPECT_GT(slot.time_left(), std::chrono::minutes(1));
    EXPECT_LE(slot.time_left(), std::chrono::hours(1));
    slot.returned();
    EXPECT_EQ(slot.time_left(), kNoEnd);

    slot.belongs_to({"audit_log", "abc123", std::chrono::milliseconds(1), 0});
    slot.calling(event_of(2), 1);
    EXPECT_TRUE(test::eventually([&] { return slot.time_left().count() < 0; }));
    slot.belongs_to({"audit_log", "abc123", std::chrono::milliseconds(0), 0});
    slot.calling(event_of(3), 1);
    EXPECT_EQ(slot.time_left(), kNoEnd);
}

TEST_F(FlightRecorderTest, the_event_of_a_call_is_known_within_it) {
    Recorder recorder;
    Slot slot = recorder.slot(0);
    EXPECT_FALSE(slot.called());
    slot.calling(event_of(7), 2);
    ASSERT_TRUE(slot.called());
    EXPECT_EQ(slot.called()->event, event_of(7).id);
    EXPECT_EQ(slot.called()->attempt, 2);
    slot.returned();
    EXPECT_FALSE(slot.called());
    slot.calling_for("create");
    EXPECT_FALSE(slot.called()) << "of no event";
}

TEST_F(FlightRecorderTest, threads_have_slots_of_their_own) {
    status_of([](Recorder& recorder, Slot& slot) {
        slot.calling(event_of(1), 1);
        slot.returned();
        Slot other = recorder.slot(3);
        other.belongs_to({"user", "def", std::chrono::seconds(1), 0});
        other.calling_for("change_password");
    });
    const auto calls = board.calls();
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[1].slot, 3u);
    EXPECT_EQ(calls[1].command, "change_password");
    EXPECT_EQ(calls[1].phase, Phase::inside);
}

TEST(Backtrace, has_no_addresses_so_that_equal_crashes_read_alike) {
    const std::string first =
        readable_backtrace("/no/lib.so(plain+0x12) [0x7f0011]\n/no/lib.so(+0x99) [0x7f0099]\n");
    EXPECT_EQ(first, "#0 plain+0x12 in lib.so\n#1 0x99 in lib.so");
    EXPECT_EQ(first, readable_backtrace("/no/lib.so(plain+0x12) [0x7e5511]\n/no/lib.so(+0x99) [0x7e5599]\n"));
}

TEST(Backtrace, garbage_and_emptiness_are_empty) {
    EXPECT_EQ(readable_backtrace(""), "");
    EXPECT_EQ(readable_backtrace("))((\n\n+0x"), "");
    EXPECT_EQ(function_at("/no/such/file", 1), "");
    EXPECT_EQ(function_at("/etc/passwd", 1), "");
}

}  // namespace
}  // namespace lantern::flight_recorder
