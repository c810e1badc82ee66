#include <gmock/gmock.h>

#include "host/core/limits.hpp"
#include "tests/unit/command/world.hpp"

namespace lantern::command::fakes {
namespace {

using testing::HasSubstr;

class CommandPathTest : public testing::Test, public World {};

TEST_F(CommandPathTest, a_creation_gets_a_fresh_id_and_holds_its_keys) {
    const auto answer = handle(creation("sarah"));
    EXPECT_EQ(answer.status, 201);
    EXPECT_TRUE(Uuid::parse(answer.id));
    EXPECT_EQ(answer.revision, Revision{1});
    EXPECT_EQ(answer.body, "{\"id\":\"" + answer.id + "\",\"revision\":1}");
    EXPECT_EQ(store.loads, 0) << "a fresh id needs no load";
    EXPECT_EQ((store.keys[{"name", "sarah"}]), "account/" + answer.id);
    const auto& event = store.streams["account/" + answer.id].at(0);
    EXPECT_EQ(event.metadata,
              R"({"actor":{"id":"admin","name":"Admin"},"correlation_id":"correlation","causation_id":"request",)"
              R"("traceparent":"","source":"127.0.0.1"})");
}

TEST_F(CommandPathTest, a_blocked_command_is_not_decided_and_answers_503) {
    const auto id = open("sarah");
    calls.blocked_commands.insert("rename");
    const auto answer = handle(request("rename", id, R"({"name":"sally"})"));
    EXPECT_EQ(answer.status, 503);
    const auto problem = boost::json::parse(answer.body);
    EXPECT_EQ(problem.at("type"), "urn:lantern:problem:command-blocked");
    EXPECT_NE(std::string(problem.at("detail").as_string()).find("the command rename of account"),
              std::string::npos);
    EXPECT_EQ(store.head(id), 1);
    EXPECT_EQ(handle(request("close", id)).status, 200);
}

TEST_F(CommandPathTest, who_decides_what_is_told_and_ends_with_it) {
    const auto id = open("sarah");
    EXPECT_EQ(calls.begun, (std::vector<std::string>{"open"}));
    handle(request("rename", id, R"({"name":"sally"})"));
    EXPECT_EQ(calls.begun.back(), "rename");
    EXPECT_EQ(calls.open, 0);
}

TEST_F(CommandPathTest, a_taken_key_is_a_conflict_that_names_its_field) {
    open("sarah");
    const auto answer = handle(creation("sarah"));
    EXPECT_EQ(answer.status, 409);
    const auto problem = boost::json::parse(answer.body);
    EXPECT_EQ(problem.at("field"), "name");
    EXPECT_EQ(problem.at("rule"), "name_taken");
    EXPECT_EQ(problem.at("type"), "urn:lantern:problem:conflict");
}

TEST_F(CommandPathTest, keys_move_with_the_state_and_become_free) {
    const auto id = open("sarah");
    EXPECT_EQ(handle(request("rename", id, R"({"name":"sally"})")).revision, Revision{2});
    EXPECT_EQ(handle(creation("sarah")).status, 201);
    EXPECT_EQ(handle(request("close", id)).status, 200);
    EXPECT_EQ(handle(creation("sally")).status, 201);
}

TEST_F(CommandPathTest, a_bounded_counter_refuses_with_the_rule_that_moved_it) {
    const auto first = open("sarah"), second = open("tom");
    EXPECT_EQ(store.counters["open"], 2);
    EXPECT_EQ(handle(request("close", first, R"({"keep_one":true})")).status, 200);
    const auto answer = handle(request("close", second, R"({"keep_one":true})"));
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(boost::json::parse(answer.body).at("rule"), "last_account");
    EXPECT_EQ(boost::json::parse(answer.body).at("detail"), "One account stays.");
    EXPECT_EQ(store.head(second), 1);
}

TEST_F(CommandPathTest, an_aggregate_is_found_by_a_key_as_it_was_typed) {
    const auto id = open("sarah");
    auto by_name = request("rename", "", R"({"name":"sally"})");
    by_name.lookup = {"name", " sarah "};
    const auto renamed = handle(by_name);
    EXPECT_EQ(renamed.id, id);
    EXPECT_EQ(renamed.revision, Revision{2});
    EXPECT_EQ(handle(by_name).status, 404) << "nobody is called so any more";
}

TEST_F(CommandPathTest, rejections_map_to_their_statuses) {
    const auto id = open("sarah");
    EXPECT_EQ(handle(request("add", id, R"({"amount":-1})")).status, 422);
    EXPECT_EQ(handle(request("add", "nobody", R"({"amount":1})")).status, 404);
    EXPECT_EQ(handle(creation("")).status, 422);
    EXPECT_EQ(store.head(id), 1);
}

TEST_F(CommandPathTest, nothing_to_do_answers_the_current_revision) {
    const auto id = open("sarah");
    const auto answer = handle(request("rename", id, R"({"name":"sarah"})"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.revision, Revision{1});
    EXPECT_FALSE(answer.appended);
}

TEST_F(CommandPathTest, an_append_that_came_between_is_decided_anew) {
    const auto id = open("sarah");
    handle(request("add", id, R"({"amount":5})"));
    store.before_append = [&] { elsewhere(request("add", id, R"({"amount":-4})")); };
    // Would be allowed on the old state, and is not on the new one.
    const auto answer = handle(request("add", id, R"({"amount":-2})"));
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(store.head(id), 3);
}

TEST_F(CommandPathTest, it_is_decided_anew_only_so_often) {
    const auto id = open("sarah");
    auto add = request("add", id, R"({"amount":1})");
    add.repeats = 2;
    int others = 0;
    std::function<void()> interfere = [&] {
        ++others;
        elsewhere(request("add", id, R"({"amount":1})"));
        store.before_append = interfere;
    };
    store.before_append = [&] { interfere(); };
    const auto answer = handle(add);
    EXPECT_EQ(answer.status, 409);
    EXPECT_THAT(answer.body, HasSubstr("urn:lantern:problem:busy"));
    EXPECT_EQ(others, 4) << "once on the cached state, then three times on one that was read";
}

TEST_F(CommandPathTest, if_match_decides_before_the_command) {
    const auto id = open("sarah");
    auto add = request("add", id, R"({"amount":1})");
    add.if_match = IfMatch{false, {Revision{1}}};
    EXPECT_EQ(handle(add).revision, Revision{2});
    const auto late = handle(add);
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(store.head(id), 2);
    add.if_match = IfMatch{true, {}};
    EXPECT_EQ(handle(add).revision, Revision{3});
    add.aggregate_id = "nobody";
    EXPECT_EQ(handle(add).status, 404) << "of what does not exist the aggregate speaks first";
}

TEST_F(CommandPathTest, if_match_is_412_when_another_append_came_between) {
    const auto id = open("sarah");
    auto add = request("add", id, R"({"amount":1})");
    add.if_match = IfMatch{false, {Revision{1}}};
    store.before_append = [&] { elsewhere(request("add", id, R"({"amount":1})")); };
    EXPECT_EQ(handle(add).status, 412);
    EXPECT_EQ(store.head(id), 2);
}

TEST_F(CommandPathTest, nothing_is_answered_from_an_old_state) {
    const auto id = open("sarah");  // now cached
    elsewhere(request("rename", id, R"({"name":"sally"})"));
    EXPECT_EQ(handle(request("rename", id, R"({"name":"sarah"})")).revision, Revision{3})
        << "on the cached state there would be nothing to do";

    elsewhere(request("add", id, R"({"amount":10})"));
    EXPECT_EQ(handle(request("add", id, R"({"amount":-5})")).status, 200)
        << "on the cached state it would be rejected";

    elsewhere(request("close", id));
    EXPECT_EQ(handle(request("add", id, R"({"amount":1})")).status, 404) << "the cached state is still open";

    auto conditional = request("rename", id);
    conditional.if_match = IfMatch{false, {Revision{6}}};
    EXPECT_EQ(handle(conditional).status, 404) << "the cached revision differs, the real one does not";
}

TEST_F(CommandPathTest, a_hint_from_another_process_saves_a_decision_in_vain) {
    const auto id = open("sarah");
    elsewhere(request("add", id, R"({"amount":5})"));
    heads.note("account", id, Revision{2});
    const auto calls = store.calls;
    EXPECT_EQ(handle(request("add", id, R"({"amount":1})")).revision, Revision{3});
    EXPECT_EQ(store.calls, calls + 2) << "what came since is read, then appended";
    // A hint that is wrong costs a look and nothing else.
    heads.note("account", id, Revision{99});
    EXPECT_EQ(handle(request("add", id, R"({"amount":1})")).revision, Revision{4});
}

TEST_F(CommandPathTest, a_store_that_lost_commits_is_read_from_the_start) {
    const auto id = open("sarah");
    handle(request("add", id, R"({"amount":5})"));
    store.streams["account/" + id].pop_back();
    EXPECT_EQ(handle(request("add", id, R"({"amount":-1})")).status, 422);
    EXPECT_EQ(handle(request("add", id, R"({"amount":1})")).revision, Revision{2});
}

TEST_F(CommandPathTest, the_cache_saves_the_load) {
    const auto id = open("sarah");
    for (int n = 0; n < 50; ++n) handle(request("add", id, R"({"amount":1})"));
    EXPECT_EQ(store.loads, 0);
    EXPECT_EQ(store.head(id), 51);
}

TEST_F(CommandPathTest, a_cached_state_equals_one_folded_from_the_store) {
    const auto id = open("sarah");
    for (int n = 0; n < 250; ++n) {
        ASSERT_EQ(handle(request(n % 3 ? "add" : "twice", id, R"({"amount":1})")).status, 200);
        const auto cached = cache.find("account", id);
        ASSERT_TRUE(cached);
        LoadedStream all;
        all.events = store.streams["account/" + id];
        const Account account;
        const auto from_cache = fold(account, NoUpcasts(), *cached);
        const auto from_events = fold(account, NoUpcasts(), all);
        ASSERT_EQ(from_cache.value().state->save().value(), from_events.value().state->save().value());
        ASSERT_EQ(from_cache.value().revision, from_events.value().revision);
    }
}

TEST_F(CommandPathTest, snapshots_hold_the_state_of_their_revision) {
    const auto id = open("sarah");
    for (int n = 0; n < 250; ++n) handle(request("add", id, R"({"amount":1})"));
    const auto& snapshot = store.snapshots.at("account/" + id);
    EXPECT_GE(snapshot.revision.value, 2 * limits::kSnapshotEvery - 1);
    const auto at = path().state_at("account", id, {snapshot.revision, {}}).value();
    auto until = store.streams["account/" + id];
    until.resize(static_cast<std::size_t>(snapshot.revision.value));
    LoadedStream events;
    events.events = until;
    EXPECT_EQ(snapshot.state, fold(Account(), NoUpcasts(), events).value().state->save().value());
    EXPECT_EQ(at->revision, snapshot.revision);
}

TEST_F(CommandPathTest, an_unreadable_snapshot_is_ignored) {
    const auto id = open("sarah");
    elsewhere(request("add", id, R"({"amount":5})"));
    store.snapshots["account/" + id] = Snapshot{Revision{2}, 1, "build-1", "no JSON"};
    EXPECT_EQ(elsewhere(request("add", id, R"({"amount":-5})")).status, 200);
}

TEST_F(CommandPathTest, what_is_asked_for_is_answered_and_decided_again) {
    const auto id = open("sarah");
    EXPECT_EQ(handle(request("guard", id, R"({"password":"secret"})")).revision, Revision{2});
    EXPECT_EQ(store.streams["account/" + id].back().data, R"({"hash":"hash of it"})");
}

TEST_F(CommandPathTest, an_answer_holds_only_for_the_state_it_was_asked_on) {
    const auto id = open("sarah");
    handle(request("guard", id));
    // The password is changed while it is verified: the answer is about the old hash, so it is asked again.
    int asked = 0;
    while_asked = [&] {
        ++asked;
        handle(request("guard", id));
    };
    const auto answer = handle(request("enter", id));
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(answer.revision, Revision{4});

    Handling handling;
    handling.request = request("enter", id);
    auto step = path().proceed(handling);
    ASSERT_TRUE(std::holds_alternative<std::vector<Ask>>(step));
    elsewhere(request("add", id, R"({"amount":1})"));
    CommandPath::give(handling, {"fits"}, {"true"});
    handling.cache_distrusted = true;
    step = path().proceed(handling);
    EXPECT_TRUE(std::holds_alternative<std::vector<Ask>>(step)) << "asked again on the new state";
}

TEST_F(CommandPathTest, asking_ends) {
    const auto id = open("sarah");
    const auto answer = handle(request("ask_forever", id));
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.defect, HasSubstr("rounds"));
}

TEST_F(CommandPathTest, a_defect_is_told_to_the_log_and_not_to_the_caller) {
    const auto id = open("sarah");
    const auto answer = handle(request("fail", id));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.defect, "a defect in decide");
    EXPECT_THAT(answer.body, testing::Not(HasSubstr("decide\"")));

    Event broken;
    broken.type = "BROKEN";
    broken.aggregate_type = "account";
    broken.aggregate_id = "b";
    broken.revision = Revision{1};
    broken.data = "{}";
    store.streams["account/b"] = {broken};
    const auto unreadable = handle(request("add", "b", R"({"amount":1})"));
    EXPECT_EQ(unreadable.status, 500);
    EXPECT_EQ(unreadable.defect, "account/b revision 1 (BROKEN): cannot fold this");
}

TEST_F(CommandPathTest, an_aggregate_that_is_not_loaded_is_unavailable) {
    auto unknown = request("add", "x");
    unknown.aggregate = "ghost";
    EXPECT_EQ(handle(unknown).status, 503);
}

TEST_F(CommandPathTest, past_states_are_shown_without_secrets) {
    const auto id = open("sarah");
    handle(request("guard", id));
    handle(request("rename", id, R"({"name":"sally"})"));
    const auto then = path().state_at("account", id, {Revision{2}, {}}).value();
    ASSERT_TRUE(then);
    EXPECT_EQ(then->revision, Revision{2});
    const auto state = boost::json::parse(then->state);
    EXPECT_EQ(state.at("name"), "sarah");
    EXPECT_FALSE(state.as_object().contains("hash"));
    EXPECT_FALSE(path().state_at("account", "nobody", {}).value());
    EXPECT_FALSE(path().state_at("account", id, {{}, Timestamp{}}).value()) << "before it began";
}

}  // namespace
}  // namespace lantern::command::fakes
