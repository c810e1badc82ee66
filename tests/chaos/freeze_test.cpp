// Workers that a signal stops at the worst moments: in a transaction whose locks they hold, and between an act and
// its entry in the ledger. No host watches over them, so they wake again: another worker has taken over by then,
// and what they still try is fenced.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "host/core/clock.hpp"
#include "host/postgres/store/store.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/processes/vitals.hpp"
#include "host/worker/effect_applier.hpp"
#include "tests/chaos/observed.hpp"
#include "tests/chaos/place.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::chaos {
namespace {

using test::eventually;
using Process = std::unique_ptr<processes::Child>;

constexpr const char* kRouting = R"(version: 1
events:
  CHAOS_STEP: [steady]
  CHAOS_TURN: [repeats, holds]
handlers:
  steady: {plugin: chaos_recorder}
  repeats: {plugin: chaos_stopper, settings: {acts: "DIR/repeats", freeze: "DIR/repeats.freeze"}}
  holds: {plugin: chaos_stopper, on_interrupted: hold, settings: {acts: "DIR/holds", freeze: "DIR/holds.freeze"}}
)";
constexpr int kPartitions = 4;
constexpr std::size_t kSyncBytes = 5;  // the message that ends a transaction of one statement

class FreezeTest : public testing::Test {
protected:
    FreezeTest() {
        place_.install("chaos_stopper.so");
        std::string text = kRouting;
        for (auto at = text.find("DIR"); at != std::string::npos; at = text.find("DIR"))
            text.replace(at, 3, directory_.string());
        place_.save_routing(text);
    }
    void SetUp() override {
        const auto applied = place_.lantern({"routes", "apply"});
        ASSERT_TRUE(applied.ended.clean()) << applied.output;
        relay_ = place_.start({"relay"});
    }
    void TearDown() override {
        if (HasFailure()) std::cout << place_.lantern({"status"}).output << "log: " << place_.log() << std::endl;
    }

    // Holds all partitions, and reads its queues.
    Process only_worker(const std::string& handler, const std::map<std::string, std::string>& environment = {}) {
        auto made = place_.start({"worker", handler}, environment);
        EXPECT_TRUE(eventually([&] {
            return held_by(handler, made) == kPartitions &&
                   one("select count(*) from lantern.leases where feed_cursor >= feed_target and handler = '" +
                       handler + "'") == std::to_string(kPartitions);
        })) << handler;
        return made;
    }
    std::string one(const std::string& query) {
        const auto rows = sql_.query(query);
        return rows.empty() || rows.null(0, 0) ? "" : rows.text(0, 0);
    }
    int held_by(const std::string& handler, const Process& worker) {
        return std::stoi(
            one("select count(*) from lantern.leases l join lantern.workers w using (worker_id) where "
                "l.handler = '" +
                handler + "' and w.pid = " + std::to_string(worker->pid())));
    }

    // One event on each of eight streams, or on one.
    EventId append(const std::string& type, const std::string& stream) {
        const EventId id = Uuid::v7(clock_.now(), random_.next(), random_.next());
        command::Append append;
        append.aggregate_type = "chaos";
        append.aggregate_id = stream;
        append.events.push_back({id, type, 1, R"({"text":"x"})", R"({"actor":"chaos"})"});
        EXPECT_TRUE(store_.append(append));
        return id;
    }
    void append_to_all(const std::string& type) {
        for (int stream = 0; stream < 8; ++stream) append(type, "stream" + std::to_string(stream));
    }

    // Every table of `steady` is what a fold of the store gives.
    void expect_applied() {
        std::vector<std::string> wrong;
        EXPECT_TRUE(eventually([&] {
            const Handlers handlers{.recorders = {"steady"}};
            const Story story = read_story(sql_);
            wrong = differences(read_tables(sql_, handlers), fold(story, handlers));
            return wrong.empty();
        })) << wrong.size()
            << " differences, first: " << (wrong.empty() ? "" : wrong.front());
    }
    void expect_replaced_and_fenced(const std::string& handler, const Process& frozen, const Process& successor) {
        EXPECT_TRUE(eventually([&] { return held_by(handler, successor) == kPartitions; }));
        append_to_all("CHAOS_STEP");
        if (handler == "steady") expect_applied();
        ::kill(frozen->pid(), SIGCONT);
        EXPECT_TRUE(eventually([&] {
            return held_by(handler, successor) == kPartitions / 2 && held_by(handler, frozen) == kPartitions / 2;
        })) << "awake, it is a worker like any other";
        append_to_all("CHAOS_STEP");
        if (handler == "steady") expect_applied();
        EXPECT_TRUE(frozen->running());
    }

    // The ledger's row: "done, attempt 2".
    std::string effect(const std::string& handler, const EventId& event) {
        return one("select format('%s, attempt %s', state, attempt) from lantern.effects where handler = '" +
                   handler + "' and event_id = '" + event.text() + "'");
    }
    std::map<std::string, int> acts(const std::string& handler) const {
        std::map<std::string, int> found;
        std::ifstream in(directory_ / handler);
        for (std::string line; std::getline(in, line);) ++found[line];
        return found;
    }
    // A worker that acted for the event, and was stopped before it could say so.
    Process frozen_after_acting(const std::string& handler, EventId& event) {
        auto made = only_worker(handler);
        append_to_all("CHAOS_TURN");
        EXPECT_TRUE(eventually([&] { return acts(handler).size() == 8; }));
        std::ofstream(directory_ / (handler + ".freeze")) << std::endl;
        event = append("CHAOS_TURN", "stream3");
        EXPECT_TRUE(eventually([&] { return processes::vitals_of(made->pid()).stopped; }));
        EXPECT_EQ(effect(handler, event), "pending, attempt 1");
        return made;
    }
    static std::string key(const std::string& handler, const EventId& event) {
        return worker::EffectApplier::idempotency_key(HandlerName{handler}, event).text();
    }
    // Each act was for an attempt that the ledger knows of, and nothing but `event` was done twice.
    void expect_acts(const std::string& handler, const EventId& event) {
        append_to_all("CHAOS_TURN");
        EXPECT_TRUE(eventually([&] { return acts(handler).size() == 17; })) << acts(handler).size();
        for (const auto& [of, count] : acts(handler)) EXPECT_EQ(count, of == key(handler, event) ? 2 : 1) << of;
        EXPECT_TRUE(eventually([&] {
            return one("select count(*) from lantern.effects where state = 'done' and handler = '" + handler +
                       "'") == "17";
        }));
    }

    const std::filesystem::path directory_ = test::fresh_directory();
    Place place_{std::string(CHAOS_LOG_DIRECTORY) + "/freeze.log"};
    SystemClock clock_;
    SystemRandom random_;
    postgres::Store store_{place_.database()};
    postgres::Connection sql_{{.url = place_.database()}};
    Process relay_;
};

// The server has its statement and waits for the word to commit, with barrier, lease and rows locked; no time limit
// of the server ends that.
TEST_F(FreezeTest, AWorkerFrozenBeforeItsCommitIsReplacedAndItsLocksAreTakenAway) {
    test::Proxy proxy(test::postgres().port());
    const auto frozen = only_worker(
        "steady", {{"LANTERN_POSTGRES_URL", test::through(place_.database(), test::postgres().port(), proxy)}});
    append_to_all("CHAOS_STEP");
    expect_applied();
    const EventId kept = Uuid::v7(clock_.now(), random_.next(), random_.next());
    proxy.keep_end_of(kept.text(), kSyncBytes);
    command::Append append;
    append.aggregate_type = "chaos";
    append.aggregate_id = "stream5";
    append.events.push_back({kept, "CHAOS_STEP", 1, R"({"text":"x"})", R"({"actor":"chaos"})"});
    ASSERT_TRUE(store_.append(append));
    ASSERT_TRUE(eventually([&] { return proxy.keeps_an_end(); }));
    ASSERT_TRUE(eventually([&] {
        return one("select count(distinct pid) from pg_locks join pg_stat_activity a using (pid) where locktype = "
                   "'advisory' and granted and a.wait_event = 'ClientRead' and a.application_name = 'lantern "
                   "worker "
                   "steady'") == "1";
    })) << "it waits in its transaction, with its locks";
    ::kill(frozen->pid(), SIGSTOP);
    append_to_all("CHAOS_STEP");

    const auto successor = place_.start({"worker", "steady"});
    EXPECT_TRUE(eventually([&] { return held_by("steady", successor) == kPartitions; }));
    proxy.set(test::Proxy::Flow::forward);  // the word arrives, too late
    expect_replaced_and_fenced("steady", frozen, successor);
}

// Its transaction commits while it is frozen: nobody acknowledges what is done, and it is not done again.
TEST_F(FreezeTest, AWorkerFrozenWhileTheServerWorksForItDoublesNothing) {
    const auto frozen = only_worker("steady");
    append_to_all("CHAOS_STEP");
    expect_applied();
    postgres::Connection holder(
        {.url = place_.database(), .idle_in_transaction_timeout = std::chrono::minutes(10)});
    holder.begin();
    holder.query("lock table steady.steps in share mode");
    append_to_all("CHAOS_STEP");
    ASSERT_TRUE(eventually([&] {
        return one("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = "
                   "'lantern worker steady'") == "1";
    })) << "it waits in its transaction";
    ::kill(frozen->pid(), SIGSTOP);
    holder.rollback();
    const auto successor = place_.start({"worker", "steady"});
    expect_replaced_and_fenced("steady", frozen, successor);
}

TEST_F(FreezeTest, AnActOfAWorkerThatFreezesBeforeItsLedgerIsRepeatedWithTheSameKey) {
    EventId event;
    const auto frozen = frozen_after_acting("repeats", event);
    const auto successor = place_.start({"worker", "repeats"});
    EXPECT_TRUE(eventually([&] { return effect("repeats", event) == "done, attempt 2"; }))
        << effect("repeats", event);
    EXPECT_EQ(acts("repeats")[key("repeats", event)], 2);
    expect_replaced_and_fenced("repeats", frozen, successor);
    EXPECT_EQ(effect("repeats", event), "done, attempt 2") << "what the woken one still tried was refused";
    expect_acts("repeats", event);
}

TEST_F(FreezeTest, AnActOfAWorkerThatFreezesBeforeItsLedgerIsHeldForAnOperator) {
    EventId event;
    const auto frozen = frozen_after_acting("holds", event);
    const auto successor = place_.start({"worker", "holds"});
    EXPECT_TRUE(eventually([&] { return effect("holds", event) == "held, attempt 1"; })) << effect("holds", event);
    expect_replaced_and_fenced("holds", frozen, successor);
    EXPECT_EQ(effect("holds", event), "held, attempt 1") << "what the woken one still tried was refused";
    EXPECT_EQ(acts("holds")[key("holds", event)], 1) << "nobody did it again";
    EXPECT_EQ(one("select string_agg(state::text, ',') from holds.lantern_streams where state <> 0"), "2");

    const auto retried = place_.lantern({"parked", "retry", "--handler", "holds", "--reason", "it did not arrive"});
    EXPECT_TRUE(retried.ended.clean()) << retried.output;
    EXPECT_TRUE(eventually([&] { return effect("holds", event) == "done, attempt 2"; })) << effect("holds", event);
    expect_acts("holds", event);
}

}  // namespace
}  // namespace lantern::chaos
