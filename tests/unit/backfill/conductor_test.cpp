#include "host/backfill/conductor.hpp"

#include <gtest/gtest.h>

#include "host/core/fault.hpp"

namespace lantern::backfill {
namespace {

class FakeClock final : public Clock {
public:
    Timestamp now() override { return {}; }
    std::chrono::steady_clock::time_point steady() override { return now_; }
    void pass(std::chrono::seconds time) { now_ += time; }

private:
    std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

class FakeSite final : public Site {
public:
    void enter(Phase phase) override { said += std::string(phase_name(phase)) + " "; }
    void end(const std::string& state, const std::string& reason) override {
        said += "end:" + state;
        ended = reason;
    }
    void create() override { said += "create "; }
    bool loaded() override { return is_loaded; }
    void build_keys() override { said += "build "; }
    void catch_up_rest() override { said += "rest_done "; }
    std::size_t catch_up() override {
        ++slices;
        return slices <= far_slices ? 5000 : 3;
    }
    bool equal() override { return are_equal; }
    std::optional<std::string> in_the_way() override { return way; }
    Swapped swap() override {
        if (refusal) throw Fault(FaultKind::configuration, "postgres", *refusal);
        return ++swaps <= busy ? Swapped::busy : swaps <= busy + too_far ? Swapped::far : Swapped::done;
    }

    std::string said, ended;
    bool is_loaded = true, are_equal = true;
    int slices = 0, far_slices = 0, swaps = 0, busy = 0, too_far = 0;
    std::optional<std::string> way, refusal;
};

class ConductorTest : public testing::Test {
protected:
    void run(SwapWhen when = SwapWhen::ready, Phase from = Phase::plan) {
        Conductor conductor(site_, clock_, from, when);
        for (int steps = 0; steps < 10'000; ++steps) {
            if (!conductor.step()) return;
            clock_.pass(std::chrono::seconds(1));
        }
        FAIL() << "never ends: " << site_.said.substr(0, 200);
    }

    FakeSite site_;
    FakeClock clock_;
};

TEST_F(ConductorTest, goes_through_the_steps_in_their_order) {
    site_.far_slices = 2;
    run();
    EXPECT_EQ(site_.said, "create load keys build rest rest_done catch_up swap end:done");
    EXPECT_EQ(site_.slices, 3);
}

TEST_F(ConductorTest, whoever_takes_over_begins_the_noted_phase_again) {
    run(SwapWhen::ready, Phase::keys);
    EXPECT_EQ(site_.said, "build rest rest_done catch_up swap end:done");
}

TEST_F(ConductorTest, waits_for_the_last_share) {
    site_.is_loaded = false;
    Conductor conductor(site_, clock_, Phase::load, SwapWhen::ready);
    EXPECT_GT(*conductor.step(), Milliseconds{0});
    EXPECT_EQ(conductor.phase(), Phase::load);
}

TEST_F(ConductorTest, compares_before_the_swap_as_asked) {
    site_.are_equal = false;
    run(SwapWhen::if_equal);
    EXPECT_TRUE(site_.said.ends_with("end:failed"));
    EXPECT_EQ(site_.swaps, 0);
    run(SwapWhen::never);
    EXPECT_TRUE(site_.said.ends_with("end:done"));
    EXPECT_EQ(site_.swaps, 0);
    run(SwapWhen::compared);
    EXPECT_EQ(site_.swaps, 1);
    site_.are_equal = true;
    run(SwapWhen::if_equal);
    EXPECT_EQ(site_.swaps, 2);
}

TEST_F(ConductorTest, a_busy_barrier_and_a_slice_that_grew_are_tried_again) {
    site_.busy = 3;
    site_.too_far = 2;
    run();
    EXPECT_EQ(site_.swaps, 6);
    EXPECT_TRUE(site_.said.ends_with("end:done"));
}

TEST_F(ConductorTest, an_old_transaction_is_waited_for_but_not_for_ever) {
    site_.way = "a transaction of bob";
    run();
    EXPECT_TRUE(site_.said.ends_with("end:failed"));
    EXPECT_NE(site_.ended.find("a transaction of bob"), std::string::npos);
    EXPECT_EQ(site_.swaps, 0);
    EXPECT_GT(site_.slices, 10) << "it keeps up meanwhile";
}

TEST_F(ConductorTest, a_refused_swap_ends_the_job_with_the_reason) {
    site_.refusal = "others hang on the old tables: view x";
    run();
    EXPECT_TRUE(site_.said.ends_with("end:failed"));
    EXPECT_NE(site_.ended.find("view x"), std::string::npos);
}

}  // namespace
}  // namespace lantern::backfill
