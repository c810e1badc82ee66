#include "host/supervise/supervisor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lantern::supervise {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class FakeClock final : public Clock {
public:
    Timestamp now() override { return {}; }
    std::chrono::steady_clock::time_point steady() override { return now_; }
    void pass(milliseconds time) { now_ += time; }

private:
    std::chrono::steady_clock::time_point now_{1h};
};

class FakeSpawner final : public Spawner {
public:
    Result<int> start(const Member& member) override {
        ++starts[member];
        if (refuse) return failure("no such program");
        pids[member] = ++last_pid_;
        return last_pid_;
    }
    std::vector<Death> deaths() override { return std::exchange(deaths_, {}); }
    bool ready(const Member& member) override { return pids.contains(member) && !unready.contains(member); }
    void ask_to_stop(const Member& member) override { asked.push_back(member); }
    void kill(const Member& member) override {
        killed.push_back(member);
        die(member);
    }

    void die(const Member& member) {
        deaths_.push_back({member, pids.at(member), "signal 9 (Killed)"});
        pids.erase(member);
    }

    bool refuse = false;
    std::set<Member> unready;
    std::map<Member, int> starts;
    std::map<Member, int> pids;
    std::vector<Member> asked, killed;

private:
    int last_pid_ = 100;
    std::vector<Death> deaths_;
};

class Notes final : public Observer {
public:
    void started(const Member& member, int) override { lines.push_back("started " + member.text()); }
    void ended(const Death& death, std::optional<milliseconds> again_in) override {
        lines.push_back("ended " + death.member.text() +
                        (again_in ? " again in " + std::to_string(again_in->count()) : ""));
    }
    void not_started(const Member& member, const std::string&, milliseconds again_in) override {
        lines.push_back("not started " + member.text() + " again in " + std::to_string(again_in.count()));
    }
    void took_over(const Member& member) override { lines.push_back(member.text() + " took over"); }
    std::vector<std::string> lines;
};

HandlerSettings handler(const std::string& name, int concurrency) {
    HandlerSettings settings;
    settings.name = HandlerName{name};
    settings.concurrency = concurrency;
    return settings;
}

const Member kApi{Role::api, "", 0};
const Member kRelay{Role::relay, "", 0};
const Member kWorker{Role::worker, "audit_log", 0};

struct SupervisorTest : testing::Test {
    FakeClock clock;
    FakeSpawner spawner;
    Notes notes;
    Supervisor supervisor{spawner, notes, clock};
};

TEST(Members, come_from_roles_and_routing) {
    const Wanted wanted{{Role::api, Role::worker}, 2, {handler("audit_log", 1), handler("mail", 3)}};
    std::vector<std::string> names;
    for (const auto& member : members(wanted)) names.push_back(member.text());
    EXPECT_EQ(names, (std::vector<std::string>{"api #0", "api #1", "worker audit_log #0", "worker mail #0",
                                               "worker mail #1", "worker mail #2"}));
}

TEST(Members, are_not_more_workers_than_partitions) {
    EXPECT_EQ(members({{Role::worker}, 0, {handler("mail", 9)}}).size(), 4u);
}

TEST(Roles, have_names_that_parse) {
    for (const Role role : {Role::api, Role::relay, Role::worker}) EXPECT_EQ(parse_role(role_name(role)), role);
    EXPECT_FALSE(parse_role("workers"));
}

TEST_F(SupervisorTest, starts_what_is_wanted_once) {
    supervisor.want({kApi, kRelay});
    supervisor.tick();
    supervisor.tick();
    EXPECT_EQ(spawner.starts, (std::map<Member, int>{{kApi, 1}, {kRelay, 1}}));
    EXPECT_EQ(supervisor.state(kApi), State::running);
    EXPECT_EQ(supervisor.state(kWorker), std::nullopt);
}

TEST_F(SupervisorTest, waits_longer_each_time_that_a_member_dies_young) {
    supervisor.want({kWorker});
    supervisor.tick();
    for (const int delay : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
        spawner.die(kWorker);
        supervisor.tick();
        EXPECT_EQ(notes.lines.back(), "ended worker audit_log #0 again in " + std::to_string(delay));
        EXPECT_EQ(supervisor.state(kWorker), State::waiting);
        EXPECT_EQ(supervisor.idle(), std::min(milliseconds{delay}, milliseconds{1000}));
        clock.pass(milliseconds{delay - 1});
        supervisor.tick();
        EXPECT_EQ(supervisor.state(kWorker), State::waiting);
        clock.pass(1ms);
        supervisor.tick();
        EXPECT_EQ(supervisor.state(kWorker), State::running);
    }
}

TEST_F(SupervisorTest, starts_at_once_what_had_run_for_a_while) {
    supervisor.want({kWorker});
    supervisor.tick();
    spawner.die(kWorker);
    supervisor.tick();
    clock.pass(100ms);
    supervisor.tick();
    clock.pass(kStableAfter);
    spawner.die(kWorker);
    supervisor.tick();
    EXPECT_EQ(supervisor.state(kWorker), State::running);
    spawner.die(kWorker);
    supervisor.tick();
    EXPECT_EQ(notes.lines.back(), "ended worker audit_log #0 again in 100");
}

TEST_F(SupervisorTest, tries_again_what_cannot_be_started) {
    spawner.refuse = true;
    supervisor.want({kRelay});
    supervisor.tick();
    EXPECT_EQ(notes.lines.back(), "not started relay again in 100");
    supervisor.tick();
    EXPECT_EQ(spawner.starts[kRelay], 1);
    spawner.refuse = false;
    clock.pass(100ms);
    supervisor.tick();
    EXPECT_EQ(supervisor.state(kRelay), State::running);
}

TEST_F(SupervisorTest, a_death_leaves_the_others_alone) {
    supervisor.want({kApi, kRelay, kWorker});
    supervisor.tick();
    spawner.die(kRelay);
    supervisor.tick();
    EXPECT_EQ(supervisor.state(kApi), State::running);
    EXPECT_EQ(supervisor.state(kWorker), State::running);
    EXPECT_TRUE(spawner.asked.empty());
}

TEST_F(SupervisorTest, stops_role_after_role) {
    supervisor.want({kApi, kRelay, kWorker});
    supervisor.tick();
    supervisor.stop();
    EXPECT_EQ(spawner.asked, std::vector{kApi});
    supervisor.tick();
    EXPECT_EQ(spawner.asked, std::vector{kApi});
    for (const Member& next : {kApi, kRelay}) {
        spawner.die(next);
        supervisor.tick();
    }
    EXPECT_EQ(spawner.asked, (std::vector{kApi, kRelay, kWorker}));
    EXPECT_FALSE(supervisor.stopped());
    spawner.die(kWorker);
    supervisor.tick();
    EXPECT_TRUE(supervisor.stopped());
    EXPECT_EQ(notes.lines.back(), "ended worker audit_log #0");
}

TEST_F(SupervisorTest, kills_what_does_not_stop_within_its_grace) {
    supervisor.want({kWorker});
    supervisor.tick();
    supervisor.stop();
    clock.pass(kStopGrace - 1ms);
    supervisor.tick();
    EXPECT_TRUE(spawner.killed.empty());
    clock.pass(1ms);
    supervisor.tick();
    EXPECT_EQ(spawner.killed, std::vector{kWorker});
    supervisor.tick();
    EXPECT_TRUE(supervisor.stopped());
}

TEST_F(SupervisorTest, stops_only_what_is_no_longer_wanted) {
    supervisor.want({kApi, kWorker});
    supervisor.tick();
    supervisor.want({kApi});
    EXPECT_EQ(supervisor.state(kWorker), State::stopping);
    spawner.die(kWorker);
    supervisor.tick();
    EXPECT_EQ(supervisor.state(kWorker), std::nullopt);
    EXPECT_EQ(supervisor.state(kApi), State::running);
}

TEST_F(SupervisorTest, starts_again_what_is_wanted_again_while_it_stops) {
    supervisor.want({kWorker});
    supervisor.tick();
    supervisor.want({});
    supervisor.want({kWorker});
    spawner.die(kWorker);
    supervisor.tick();
    EXPECT_EQ(supervisor.state(kWorker), State::running);
    EXPECT_EQ(spawner.starts[kWorker], 2);
}

// The hand-over from one edition to the next.
struct HandOverTest : SupervisorTest {
    const Member old{Role::worker, "audit_log", 0, "old"};
    const Member next{Role::worker, "audit_log", 0, "next"};

    void SetUp() override {
        supervisor.want({old, kRelay});
        supervisor.tick();
        supervisor.tick();
        spawner.unready = {next};
        supervisor.want({next, kRelay});
        supervisor.tick();
    }
    void get_ready() {
        spawner.unready.clear();
        supervisor.tick();
    }
};

TEST_F(HandOverTest, the_old_one_is_asked_to_stop_when_the_new_one_is_ready) {
    EXPECT_EQ(supervisor.state(next), State::running);
    EXPECT_EQ(supervisor.state(old), State::running);
    EXPECT_EQ(supervisor.stand_in(next), old);
    EXPECT_LT(supervisor.idle(), 1000ms) << "it looks for readiness";
    get_ready();
    EXPECT_EQ(spawner.asked, std::vector{old}) << "and nobody else";
    EXPECT_EQ(notes.lines.back(), "worker audit_log #0 took over");
    EXPECT_EQ(supervisor.stand_in(next), std::nullopt);
    clock.pass(kStopGrace);
    supervisor.tick();
    EXPECT_EQ(spawner.killed, std::vector{old}) << "a drain has a deadline";
}

TEST_F(HandOverTest, while_the_new_one_dies_the_old_one_goes_on) {
    for (int death = 0; death < 5; ++death) {
        spawner.die(next);
        supervisor.tick();
        clock.pass(5s);
        supervisor.tick();
    }
    EXPECT_EQ(spawner.starts[next], 6);
    EXPECT_TRUE(spawner.asked.empty());
    get_ready();
    EXPECT_EQ(spawner.asked, std::vector{old});
}

TEST_F(HandOverTest, an_old_one_that_dies_while_it_stands_in_is_started_again) {
    spawner.die(old);
    supervisor.tick();
    clock.pass(100ms);
    supervisor.tick();
    EXPECT_EQ(spawner.starts[old], 2);
    spawner.die(old);
    supervisor.tick();
    get_ready();
    clock.pass(5s);
    supervisor.tick();
    EXPECT_EQ(spawner.starts[old], 2) << "no longer needed";
}

TEST_F(HandOverTest, one_that_does_not_get_ready_is_killed_and_tried_again) {
    clock.pass(kReadyWithin);
    supervisor.tick();
    EXPECT_EQ(spawner.killed, std::vector{next});
    supervisor.tick();
    EXPECT_EQ(notes.lines.back(), "ended worker audit_log #0 again in 100");
    EXPECT_EQ(supervisor.state(old), State::running);
}

TEST_F(HandOverTest, the_next_edit_replaces_the_one_that_was_not_ready) {
    const Member third{Role::worker, "audit_log", 0, "third"};
    spawner.unready.insert(third);
    supervisor.want({third, kRelay});
    EXPECT_EQ(spawner.asked, std::vector{next});
    supervisor.tick();
    EXPECT_EQ(supervisor.stand_in(third), old);
    supervisor.want({old, kRelay});
    EXPECT_EQ(spawner.asked, (std::vector{next, third})) << "back to what runs all the time";
    EXPECT_EQ(spawner.starts[old], 1);
}

TEST_F(HandOverTest, one_that_has_not_got_ready_yet_stands_in_when_nobody_else_does) {
    const Member mail{Role::worker, "mail", 0, "old"}, next_mail{Role::worker, "mail", 0, "next"};
    spawner.unready.insert({mail, next_mail});
    supervisor.want({next, kRelay, mail});
    supervisor.tick();
    supervisor.want({next, kRelay, next_mail});
    EXPECT_TRUE(spawner.asked.empty());
    EXPECT_EQ(supervisor.stand_in(next_mail), mail);
    supervisor.tick();
    get_ready();
    EXPECT_EQ(spawner.asked, (std::vector{old, mail}));
}

TEST_F(HandOverTest, one_whose_readiness_is_seen_only_at_the_next_edit_stands_in) {
    get_ready();
    const Member mail{Role::worker, "mail", 0, "old"}, next_mail{Role::worker, "mail", 0, "next"};
    supervisor.want({next, kRelay, mail});
    supervisor.tick();
    spawner.unready.insert(next_mail);
    spawner.asked.clear();
    supervisor.want({next, kRelay, next_mail});
    EXPECT_TRUE(spawner.asked.empty());
    EXPECT_EQ(supervisor.stand_in(next_mail), mail);
}

TEST_F(HandOverTest, a_seat_that_is_gone_does_not_wait_for_another) {
    supervisor.want({kRelay});
    EXPECT_EQ(spawner.asked, (std::vector{next, old}));
}

}  // namespace
}  // namespace lantern::supervise
