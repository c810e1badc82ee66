// What a host tells those who watch it, through real processes: readiness follows progress against backlog, and no
// count is lost when a worker is killed.
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

#include "tests/support/dev_suite.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

class HealthTest : public DevSuite {
protected:
    static HttpAnswer get(const std::string& path) {
        return http(instance->endpoint("metrics_url"), {.path = path});
    }
    // Of the metrics page; -1: it is not there.
    static double metric(const std::string& name) {
        const auto page = get("/metrics").body;
        const auto at = page.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::atof(page.c_str() + at + name.size() + 2);
    }
    static bool becomes(const std::string& name, double value) {
        return eventually([&] { return metric(name) == value; });
    }
    static std::vector<pid_t> workers() { return instance->find({" worker user_read_model "}); }
    static constexpr const char* kApplied = "lantern_events_applied_total{handler=\"user_read_model\"}";
};

TEST_F(HealthTest, AnIdleHostIsAliveAndReady) {
    EXPECT_EQ(get("/healthz").status, 200);
    EXPECT_TRUE(eventually([] { return get("/readyz").status == 200; })) << get("/readyz").body;
    EXPECT_EQ(get("/elsewhere").status, 404);
    EXPECT_TRUE(becomes("lantern_store_up", 1));
    EXPECT_TRUE(becomes("lantern_relay_led", 1));
    EXPECT_TRUE(becomes("lantern_handler_state{handler=\"audit_log\",state=\"attached\"}", 1));
    EXPECT_TRUE(becomes("lantern_processes{role=\"worker\",handler=\"audit_log\"}", 1));
    EXPECT_TRUE(becomes("lantern_breaker_open{handler=\"welcome_email\"}", 0)) << "one for both of its workers";
}

// Its table is away: nobody but a person can bring it back.
TEST_F(HealthTest, AHandlerThatIsHeldAndAStreamThatIsDeadAreShown) {
    const std::string held = R"(lantern_handler_state{handler="user_read_model",state="held"})";
    const std::string attached = R"(lantern_handler_state{handler="user_read_model",state="attached"})";
    ASSERT_TRUE(becomes(attached, 1));
    instance->sql("alter table user_read_model.users rename to away");
    EXPECT_EQ(instance->create_user("held").status, 201);
    EXPECT_TRUE(becomes(held, 1)) << get("/metrics").body;
    EXPECT_EQ(metric(attached), 0);
    EXPECT_TRUE(eventually([] {
        const auto answer = get("/readyz");
        return answer.status == 503 && answer.body.find("handler user_read_model is held: ") != std::string::npos;
    })) << get("/readyz").body;
    instance->sql("alter table user_read_model.away rename to users");
    EXPECT_TRUE(becomes(attached, 1));
    EXPECT_TRUE(eventually([] { return get("/readyz").status == 200; })) << get("/readyz").body;

    const std::string dead = R"(lantern_parked_streams{handler="user_read_model",state="dead"})";
    EXPECT_TRUE(becomes(dead, 0));
    instance->sql(
        "insert into user_read_model.lantern_streams (stream_id, revision, state) values (1000000, 0, 2)");
    EXPECT_TRUE(becomes(dead, 1));
    instance->sql("delete from user_read_model.lantern_streams where stream_id = 1000000");
    EXPECT_TRUE(becomes(dead, 0));
}

TEST_F(HealthTest, TheDoctorFindsNothingWrong) {
    processes::Finished told;  // a heartbeat that waits for a slow disk is a problem as long as it does
    EXPECT_TRUE(eventually([&] { return (told = instance->lantern({"doctor"})).ended.clean(); })) << told.output;
    EXPECT_THAT(told.output, HasSubstr("0 problems"));
    EXPECT_THAT(told.output, HasSubstr("as declared, each with a leader"));
}

TEST_F(HealthTest, CountsGoOnOverTheDeathOfAWorker) {
    const double before = std::max(0.0, metric(kApplied));
    for (int user = 0; user < 5; ++user)
        ASSERT_EQ(instance->create_user("before" + std::to_string(user)).status, 201);
    EXPECT_TRUE(eventually([&] { return metric(kApplied) == before + 5; }));
    const std::string restarts = "lantern_process_restarts_total{role=\"worker\",handler=\"user_read_model\"}";
    EXPECT_EQ(metric(restarts), -1);
    ASSERT_FALSE(workers().empty());
    const pid_t killed = workers().front();
    ::kill(killed, SIGKILL);
    EXPECT_TRUE(eventually([&] {
        const auto now = workers();
        return metric(restarts) == 1 && !now.empty() && now.front() != killed;
    }));
    EXPECT_GE(metric(kApplied), before + 5);
    ASSERT_EQ(instance->create_user("after").status, 201);
    EXPECT_TRUE(eventually([&] { return metric(kApplied) >= before + 6; }));
    EXPECT_TRUE(eventually([&] { return metric("lantern_lag_events{handler=\"user_read_model\"}") == 0; }));
    EXPECT_THAT(get("/metrics").body,
                HasSubstr("lantern_batch_seconds_bucket{handler=\"user_read_model\",le=\"+Inf\"}"));
}

TEST_F(HealthTest, AFrozenWorkerTurnsReadinessRedAndIsNamed) {
    ASSERT_TRUE(eventually([&] { return get("/readyz").status == 200; })) << get("/readyz").body;
    // Its host ends what is frozen for long: whoever looks too late for one freezes the next.
    int tries = 0;
    const auto is_named = [&] {
        const auto found = workers();
        if (found.empty()) return false;
        const pid_t frozen = found.front();
        ::kill(frozen, SIGSTOP);
        EXPECT_EQ(instance->create_user("frozen" + std::to_string(++tries)).status, 201);
        const std::string name = "worker user_read_model (process " + std::to_string(frozen) + " on ";
        bool named = false;
        EXPECT_TRUE(eventually([&] {
            const auto answer = get("/readyz");
            named = answer.status == 503 && answer.body.find(name) != std::string::npos;
            return named || !alive(frozen);
        })) << get("/readyz").body;
        ::kill(frozen, SIGCONT);
        return named;
    };
    EXPECT_TRUE(eventually(is_named)) << tries << " were frozen";
    EXPECT_EQ(get("/healthz").status, 200);
    EXPECT_TRUE(eventually([&] { return get("/readyz").status == 200; })) << get("/readyz").body;
}

}  // namespace
}  // namespace lantern::test
