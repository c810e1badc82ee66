#include "host/supervise/health.hpp"

#include <gmock/gmock.h>

namespace lantern::supervise {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One partition of "mail", held by process 7 here, which is well.
Backlog waits(std::int64_t events, Milliseconds oldest) {
    return {"mail", "attached", "", 2, events, oldest, Backlog::Holder{"here", 7, 500ms, ""}};
}

Sight sight_of(std::vector<Backlog> backlogs) {
    return {std::move(backlogs), {0, 0ms, 300ms}, "here", {Role::relay, Role::worker}, {{7, {100ms, 30s}}}};
}

TEST(Health, AnIdleSystemIsWellWhateverItsProcessesDo) {
    auto idle = waits(0, 0ms);
    idle.holder->heartbeat = 1h;
    auto sight = sight_of({idle});
    sight.workers[7].since_commit = 24h;
    sight.relay.leader_heartbeat.reset();
    EXPECT_THAT(stalled(sight), IsEmpty());
}

TEST(Health, ABacklogThatIsWorkedOffIsWell) {
    EXPECT_THAT(stalled(sight_of({waits(100'000, 1h)})), IsEmpty());
}

TEST(Health, AFrozenWorkerIsNamedOnceForAllItsPartitions) {
    auto first = waits(2, 6s), second = waits(3, 9s);
    second.partition = 3;
    first.holder->heartbeat = second.holder->heartbeat = 7s;
    EXPECT_THAT(
        stalled(sight_of({first, second})),
        ElementsAre("worker mail (process 7 on here) is silent for 7.0 s; 5 events wait, the oldest for 9.0 s"));
    first.oldest = second.oldest = 4s;
    EXPECT_THAT(stalled(sight_of({first, second})), IsEmpty()) << "they have only just come";
}

TEST(Health, AWorkerThatLivesAndCommitsNothingIsNamedAfterItsTimeLimit) {
    auto backlog = waits(1, 1min);
    backlog.holder->note = "smtp: connection refused";
    auto sight = sight_of({backlog});
    sight.workers[7].since_commit = 34s;
    EXPECT_THAT(stalled(sight), IsEmpty()) << "one call may take 30 s";
    sight.workers[7].since_commit = 35s;
    EXPECT_THAT(stalled(sight), ElementsAre(AllOf(HasSubstr("committed nothing for 35.0 s"),
                                                  HasSubstr("it waits for: smtp: connection refused"),
                                                  HasSubstr("1 event waits"))));
}

TEST(Health, AHostAnswersForItsOwnWorkersAndRoles) {
    auto backlog = waits(1, 1min);
    backlog.holder->heartbeat = 1min;
    auto sight = sight_of({backlog});
    ASSERT_FALSE(stalled(sight).empty());
    sight.host = "elsewhere";
    EXPECT_THAT(stalled(sight), IsEmpty()) << "the worker's own host tells of it";
    sight.host = "here";
    sight.relay = {5, 1min, 40s};
    sight.roles = {Role::api};
    EXPECT_THAT(stalled(sight), IsEmpty());
    sight.roles = {Role::relay};
    EXPECT_THAT(stalled(sight), ElementsAre(HasSubstr("relay: ")));
}

TEST(Health, APartitionThatNobodyHoldsIsNamed) {
    auto backlog = waits(4, 9s);
    backlog.holder.reset();
    EXPECT_THAT(stalled(sight_of({backlog})), IsEmpty()) << "a worker is on its way";
    backlog.oldest = 10s;
    EXPECT_THAT(stalled(sight_of({backlog})), ElementsAre(HasSubstr("handler mail has no worker for partition 2")));
}

TEST(Health, AHandlerThatIsPausedIsWellAndOneThatIsHeldIsNot) {
    auto backlog = waits(4, 1h);
    backlog.holder.reset();
    backlog.state = "paused";
    EXPECT_THAT(stalled(sight_of({backlog})), IsEmpty());
    backlog.state = "quarantined";
    backlog.state_reason = "crashed three times";
    EXPECT_THAT(stalled(sight_of({backlog})), ElementsAre(HasSubstr("handler mail is quarantined: crashed three")));
}

TEST(Health, ARelayThatPublishesNothingIsNamedInTheWorkersPlace) {
    auto sight = sight_of({waits(5, 1min)});
    sight.workers[7].since_commit = 1min;
    sight.relay = {5, 1min, 40s};
    EXPECT_THAT(stalled(sight),
                ElementsAre("relay: 5 events wait, the oldest for 60.0 s to be published; the leader's "
                            "last heartbeat was 40.0 s ago"));
    sight.relay.leader_heartbeat.reset();
    EXPECT_THAT(stalled(sight), ElementsAre(HasSubstr("no relay leads")));
}

}  // namespace
}  // namespace lantern::supervise
