#include <gmock/gmock.h>

#include "tests/unit/command/world.hpp"

namespace lantern::command::fakes {
namespace {

class IdempotencyTest : public testing::Test, public World {
protected:
    CommandRequest keyed(CommandRequest request, const std::string& text = "body") {
        request.idempotency = key("k1", text);
        return request;
    }
};

TEST_F(IdempotencyTest, a_repetition_gets_the_first_answer) {
    const auto first = handle(keyed(creation("sarah")));
    const auto again = handle(keyed(creation("sarah")));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(again.revision, first.revision);
    EXPECT_EQ(again.body, first.body);
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(store.streams.size(), 1u);
}

TEST_F(IdempotencyTest, another_request_under_the_key_is_refused) {
    handle(keyed(creation("sarah")));
    const auto other = handle(keyed(creation("sally"), "other body"));
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(boost::json::parse(other.body).at("type"), "urn:lantern:problem:idempotency-key-reused");
    EXPECT_EQ(store.streams.size(), 1u);
}

TEST_F(IdempotencyTest, rejections_are_recorded_too) {
    const auto id = open("sarah");
    EXPECT_EQ(handle(keyed(request("add", id, R"({"amount":-1})"))).status, 422);
    handle(request("add", id, R"({"amount":5})"));
    const auto again = handle(keyed(request("add", id, R"({"amount":-1})")));
    EXPECT_EQ(again.status, 422) << "it would be accepted now, but the first answer stays";
    EXPECT_TRUE(again.replayed);
}

TEST_F(IdempotencyTest, a_taken_key_and_nothing_to_do_are_recorded_too) {
    const auto id = open("sarah");
    EXPECT_EQ(handle(keyed(creation("sarah"))).status, 409);
    handle(request("close", id));
    EXPECT_EQ(handle(keyed(creation("sarah"))).status, 409);

    const auto other = open("sally");
    auto rename = request("rename", other, R"({"name":"sally"})");
    rename.idempotency = key("k2", "rename");
    EXPECT_EQ(handle(rename).revision, Revision{1});
    handle(request("add", other, R"({"amount":5})"));
    EXPECT_EQ(handle(rename).revision, Revision{1});
}

TEST_F(IdempotencyTest, what_may_be_repeated_is_not_recorded) {
    const auto id = open("sarah");
    auto add = keyed(request("add", id, R"({"amount":1})"));
    add.if_match = IfMatch{false, {Revision{9}}};
    EXPECT_EQ(handle(add).status, 412);
    EXPECT_EQ(handle(keyed(request("fail", id))).status, 500);
    EXPECT_TRUE(store.records.empty());
}

TEST_F(IdempotencyTest, of_two_twins_at_once_one_acts) {
    const auto id = open("sarah");
    auto add = keyed(request("add", id, R"({"amount":1})"));
    store.before_append = [&] { elsewhere(add); };
    const auto answer = handle(add);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.revision, Revision{2});
    EXPECT_TRUE(answer.replayed);
    EXPECT_EQ(store.head(id), 2);
}

// Fail the N-th call of the store for N = 1, 2, ... until a run is clean; the client repeats with its key after
// each. Whatever failed, also in doubt, the command has acted exactly once in the end.
TEST_F(IdempotencyTest, fault_loop_a_repeated_command_acts_once) {
    for (const auto kind : {FaultKind::outage, FaultKind::in_doubt, FaultKind::conflict}) {
        bool clean = false;
        for (int n = 1; !clean; ++n) {
            ASSERT_LT(n, 20);
            World world;
            const auto id = world.open("sarah");
            auto add = request("add", id, R"({"amount":1})");
            add.idempotency = key("k" + std::to_string(n), "add");
            world.store.fault = {n, kind};
            Answer answer;
            try {
                answer = world.handle(add);
                clean = world.store.fault.call > 0;
            } catch (const Fault& fault) {
                ASSERT_EQ(fault.kind(), kind);
                answer = world.handle(add);
            }
            world.store.fault = {};
            ASSERT_EQ(answer.status, 200);
            ASSERT_EQ(answer.revision, Revision{2});
            ASSERT_EQ(world.store.head(id), 2);
            ASSERT_EQ(world.path().state_at("account", id, {}).value()->revision, Revision{2});
        }
    }
}

// The same handling goes on after a conflict, as the api does it.
TEST_F(IdempotencyTest, fault_loop_a_handling_survives_conflicts) {
    bool clean = false;
    for (int n = 1; !clean; ++n) {
        ASSERT_LT(n, 20);
        World world;
        const auto id = world.open("sarah");
        Handling handling;
        handling.request = request("guard", id);
        world.store.fault = {n, FaultKind::conflict};
        Answer answer;
        try {
            answer = world.handle(handling);
            clean = world.store.fault.call > 0;
        } catch (const Fault&) {
            answer = world.handle(handling);
        }
        ASSERT_EQ(answer.status, 200);
        ASSERT_EQ(world.store.head(id), 2);
    }
}

}  // namespace
}  // namespace lantern::command::fakes
