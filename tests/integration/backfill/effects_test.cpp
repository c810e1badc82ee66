// A side effect over history, with its real worker and a real SMTP server (python3-aiosmtpd).
#include <boost/json.hpp>
#include <set>

#include "host/worker/effect_applier.hpp"
#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace json = boost::json;

class EffectsTest : public BackfillTest {
protected:
    EffectsTest() : mails_(fresh_directory()) {
        processes::Program program;
        program.argv = {"/usr/bin/python3", SMTP_SERVER, mails_.string()};
        program.output = mails_ / "log";
        smtp_ = std::make_unique<processes::Child>(program);
        EXPECT_TRUE(eventually([&] { return std::filesystem::exists(mails_ / "port"); }));
        const auto applied = lantern("routes apply");
        EXPECT_EQ(applied.status, 0) << applied.text;
        // History, from before the handler's start.
        fill(20, 1);
        sql_.script(
            "update lantern.routes set begin_position = (select max(position) from lantern.events)"
            " where handler = 'welcome_email'");
    }

    void start_worker() {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "worker",    "welcome_email", "--config",
                        LANTERN_CONFIG, "--plugins", LANTERN_PLUGINS};
        program.environment = {{"LANTERN_POSTGRES_URL", url_},
                               {"LANTERN_AMQP_URL", vhost_},
                               {"LANTERN_CACHE_DIR", cache().string()},
                               {"LANTERN_SMTP_URL", "smtp://127.0.0.1:" + content("port")}};
        program.output = mails_ / "worker";
        worker_ = std::make_unique<processes::Child>(program);
    }
    std::string content(const std::string& name) const {
        std::ifstream in(mails_ / name);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    struct Mail {
        std::string to, message_id;
    };
    std::vector<Mail> mails() const {
        std::vector<Mail> mails;
        for (int number = 1; std::filesystem::exists(mails_ / (std::to_string(number) + ".json")); ++number) {
            const auto mail = json::parse(content(std::to_string(number) + ".json")).as_object();
            const std::string text(mail.at("content").as_string());
            const auto at = text.find("Message-ID: <") + 13;
            mails.push_back({std::string(mail.at("to").as_array().at(0).as_string()), text.substr(at, 36)});
        }
        return mails;
    }
    Uuid event_of_user(const std::string& user) {
        return *Uuid::parse(
            one("select e.id from lantern.events e join lantern.streams s using (stream_id)"
                " where s.aggregate_id = '" +
                user + "' and e.revision = 1"));
    }
    std::string ledger(int run) {
        return one(
            "select string_agg(state || ' ' || n, ', ' order by state) from (select state, count(*) n"
            " from lantern.effects where handler = 'welcome_email' and run = " +
            std::to_string(run) + " group by state) s");
    }

    const std::filesystem::path mails_;
    const std::string vhost_ = fresh_vhost();
    std::unique_ptr<processes::Child> smtp_, worker_;
};

TEST_F(EffectsTest, ABackfillSendsNothingAndAReRunExactlyWhatItWasAskedFor) {
    start_worker();
    ASSERT_TRUE(eventually(
        [&] {
            return one("select count(*) > 0 and bool_and(worker_id is not null and feed_cursor >= feed_target)"
                       " from lantern.leases where handler = 'welcome_email'") == "t";
        },
        std::chrono::seconds(120)))
        << content("worker");

    const auto dry = lantern("backfill welcome_email --dry-run");
    EXPECT_THAT(dry.text, HasSubstr("would have run for 20 events"));
    const auto muted = lantern("backfill welcome_email");
    EXPECT_EQ(muted.status, 0) << muted.text;
    EXPECT_THAT(muted.text, HasSubstr("nothing was run. 20 events are suppressed in the ledger (run 1)"));
    EXPECT_EQ(ledger(1), "suppressed 20");

    const auto listed = lantern("backfill welcome_email --list-effects --stream user/u7 -o json");
    const auto list = json::parse(listed.text).as_object();
    EXPECT_EQ(list.at("count"), 1);
    EXPECT_EQ(list.at("events").at(0).at("stream"), "user/u7");
    EXPECT_EQ(list.at("events").at(0).at("event"), json::value(event_of_user("u7").text()));
    EXPECT_THAT(lantern("backfill welcome_email --list-effects").text, HasSubstr("20 events would be acted on"));

    const auto unscoped = lantern("backfill welcome_email --re-run-effects welcome_email");
    EXPECT_EQ(unscoped.status, 2);
    EXPECT_THAT(unscoped.text, HasSubstr("takes a scope"));
    const auto misnamed = lantern("backfill welcome_email --re-run-effects welcome --stream user/u7");
    EXPECT_EQ(misnamed.status, 2);
    EXPECT_THAT(misnamed.text, HasSubstr("expected welcome_email"));
    const auto held_back =
        lantern("backfill welcome_email --re-run-effects welcome_email --stream user/u7 --no-swap");
    EXPECT_EQ(held_back.status, 2);
    EXPECT_THAT(held_back.text, HasSubstr("--no-swap: expected without: it is a side effect"));
    EXPECT_EQ(one("select count(*) from lantern.effects where run > 1"), "0");

    const auto acted = lantern(
        "backfill welcome_email --re-run-effects welcome_email --stream user/u7 --reason 'the mail was lost'");
    EXPECT_EQ(acted.status, 0) << acted.text << content("worker");
    EXPECT_EQ(ledger(2), "done 1");
    ASSERT_EQ(mails().size(), 1u);
    EXPECT_EQ(mails()[0].to, "user7@example.com");
    const auto key = worker::EffectApplier::idempotency_key(HandlerName{"welcome_email"}, event_of_user("u7"));
    EXPECT_EQ(mails()[0].message_id, key.text());
    EXPECT_EQ(one("select who || ': ' || reason || ', ' || (detail->>'scope') from lantern.admin_log"
                  " where action = 're-run-effects'"),
              "anna@desk: the mail was lost, --stream user/u7");

    const auto anew = lantern("backfill welcome_email --re-run-effects welcome_email --stream user/u7 --new-keys");
    EXPECT_EQ(anew.status, 0) << anew.text;
    ASSERT_EQ(mails().size(), 2u);
    EXPECT_NE(mails()[1].message_id, key.text());
}

TEST_F(EffectsTest, AReRunGoesOnAfterItsWorkerWasKilled) {
    const auto asked =
        lantern("backfill welcome_email --re-run-effects welcome_email --type USER_CREATED --detach");
    EXPECT_EQ(asked.status, 0) << asked.text;
    EXPECT_THAT(asked.text, HasSubstr("run 1 asks for 20 acts"));
    start_worker();
    ASSERT_TRUE(eventually([&] { return !mails().empty(); }, std::chrono::seconds(120))) << content("worker");
    worker_->signal(SIGKILL);
    start_worker();
    const auto followed = lantern("backfill welcome_email --run 1");
    EXPECT_EQ(followed.status, 0) << followed.text << content("worker");
    EXPECT_EQ(ledger(1), "done 20");
    // The one that was interrupted may have come twice, with its key.
    std::set<std::string> receivers, ids;
    for (const auto& mail : mails()) {
        receivers.insert(mail.to);
        ids.insert(mail.message_id);
    }
    EXPECT_EQ(receivers.size(), 20u);
    EXPECT_EQ(ids.size(), 20u);
    EXPECT_LE(mails().size(), 21u);
}

TEST_F(EffectsTest, ARunThatIsStoppedDoesNoMore) {
    ASSERT_EQ(lantern("backfill welcome_email --re-run-effects welcome_email --aggregate user --detach").status, 0);
    EXPECT_THAT(lantern("backfill welcome_email --run 1 --stop").text,
                HasSubstr("20 acts of run 1 will not be done"));
    EXPECT_EQ(ledger(1), "suppressed 20");
    EXPECT_EQ(one("select who from lantern.admin_log where action = 'stop-effects'"), "anna@desk");
    EXPECT_EQ(lantern("backfill welcome_email --run 9").status, 2);
}

}  // namespace
}  // namespace lantern::test
