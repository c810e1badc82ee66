#include <lantern/testing.hpp>

#include "tests/integration/backfill/fixture.hpp"

namespace lantern::test {
namespace {

using ::testing::HasSubstr;

std::string line(const std::string& id, const std::string& user, const std::string& rest) {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":"crm","subject":"user/)" + user + R"(",)" + rest +
           "}\n";
}
std::string created(const std::string& id, const std::string& user, const std::string& email) {
    return line(id, user,
                R"("type":"USER_CREATED","schemaversion":2,"time":"2026-01-02T03:04:05Z","data":{"username":")" +
                    user + R"(","email":")" + email + R"(","first_name":"F","last_name":"L","role":"user"})");
}

// What the streams hold, whatever their bigint ids and positions.
constexpr const char* kStreams =
    "select md5(string_agg(concat_ws(' ', aggregate_type, aggregate_id, e.revision, e.id, type, schema_version,"
    " recorded_at, data::jsonb, metadata::jsonb), '|' order by aggregate_type, aggregate_id, e.revision))"
    " from lantern.events e join lantern.streams s using (stream_id)";

class ImportVerbsTest : public BackfillTest {};

TEST_F(ImportVerbsTest, AppendsReservesKeysAndSuppressesEffects) {
    const auto input =
        file("in.ndjson", created("1", "anna", "anna@x.org") + created("2", "bob", "bob@x.org") + "\n" +
                              line("3", "anna", R"("type":"USER_UPDATED","data":{"email": "a@x.org"})"));
    const auto said = lantern("import " + input.string());
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("imported 3 events"));
    EXPECT_EQ(one("select string_agg(type || e.revision, ' ' order by position) from lantern.events e"),
              "USER_CREATED1 USER_CREATED1 USER_UPDATED2");
    EXPECT_EQ(one("select data::text from lantern.events where type = 'USER_UPDATED'"), R"({"email": "a@x.org"})");
    EXPECT_EQ(one("select string_agg(key, ' ' order by key) from lantern.unique_keys where scope = 'email'"),
              "a@x.org bob@x.org");
    EXPECT_EQ(one("select string_agg(distinct handler || ' ' || state, ', ') from lantern.effects"),
              "welcome_email suppressed");
    EXPECT_EQ(one("select count(*) from lantern.effects"), "2");

    const auto again = lantern("import " + input.string());
    EXPECT_THAT(again.text, HasSubstr("imported 0 events, 3 were there already"));
    EXPECT_EQ(one("select count(*) from lantern.events"), "3");
}

TEST_F(ImportVerbsTest, SaysWhatIsWrongWithWhichLineAndImportsNothingOfItsChunk) {
    const auto input =
        file("in.ndjson", created("1", "anna", "anna@x.org") + line("2", "bob", R"("type":7)") + "no\n");
    auto said = lantern("import " + input.string());
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.text, HasSubstr("line 2: /type: found a number, expected text"));
    EXPECT_THAT(said.text, HasSubstr("line 3: found text that is not JSON"));
    EXPECT_EQ(one("select count(*) from lantern.events"), "0");

    said =
        lantern("import --deliver-effects " +
                file("in.ndjson", created("1", "anna", "same@x.org") + created("2", "bob", "same@x.org")).string());
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.text, HasSubstr("line 2: /data: the email of user/bob is taken by another user"));
    EXPECT_EQ(one("select count(*) from lantern.events"), "0");

    said =
        lantern("import " +
                file("in.ndjson", line("9", "x", R"("type":"USER_UPDATED","revision":2,"data":{"first_name":"F"})"))
                    .string());
    EXPECT_THAT(said.text, HasSubstr("line 1: /revision: expected 1, the next revision of its stream"));
}

TEST_F(ImportVerbsTest, ALineIsCheckedByTheSchemaOfItsEvent) {
    const auto input =
        file("in.ndjson",
             line("1", "anna", R"("type":"USER_CREATED","schemaversion":2,"data":{"username":"an","age":7})") +
                 line("2", "bob", R"("type":"ELSEWHERE","data":{"what":"ever"})"));
    for (const char* verb : {"import ", "import --check "}) {
        const auto said = lantern(verb + input.string());
        EXPECT_EQ(said.status, 1);
        for (const char* at : {"line 1: /data/username: ", "line 1: /data/age: ", "line 1: /data/email: "})
            EXPECT_THAT(said.text, HasSubstr(at));
        EXPECT_EQ(said.text.find("line 2"), std::string::npos) << "its type has no schema: " << said.text;
    }
    EXPECT_EQ(one("select count(*) from lantern.events"), "0");
}

TEST_F(ImportVerbsTest, ALongStreamIsImportedWithASnapshot) {
    std::string lines = created("1", "anna", "anna@x.org") + created("2", "bob", "bob@x.org");
    for (int n = 3; n <= 1301; ++n)
        lines += line(std::to_string(n), "anna",
                      R"("type":"USER_UPDATED","time":"2026-01-03T00:00:00Z","data":{"first_name":"N)" +
                          std::to_string(n) + R"("})");
    const auto said = lantern("import " + file("in.ndjson", lines).string());
    EXPECT_EQ(said.status, 0) << said.text;
    const std::string of_anna =
        " from lantern.snapshots n join lantern.streams s using (stream_id) where s.aggregate_id = 'anna'";
    EXPECT_EQ(one("select count(*) from lantern.snapshots"), "1") << "bob's stream is short";
    // What the stream holds up to there, in the form that a fold of it has.
    EXPECT_EQ(one("select concat_ws(' ', state->>'first_name' = 'N' || n.revision + 1, state->>'email', "
                  "state->>'created_at', state->>'updated_at', (state->>'revision')::bigint = n.revision)" +
                  of_anna),
              "t anna@x.org 2026-01-02T03:04:05.000000Z 2026-01-03T00:00:00.000000Z t");
    EXPECT_EQ(one("select s.revision - n.revision < 100" + of_anna), "t");
}

TEST_F(ImportVerbsTest, WhatIsImportedCountsForTheRulesOverAllUsers) {
    const auto admin = [](const std::string& id, const std::string& user) {
        return line(id, user,
                    R"("type":"USER_CREATED","schemaversion":2,"data":{"username":")" + user + R"(","email":")" +
                        user + R"(@x.org","first_name":"F","last_name":"L","role":"admin"})");
    };
    ASSERT_EQ(lantern("import " +
                      file("in.ndjson", admin("1", "anna") + admin("2", "bert") +
                                            line("3", "bert", R"("type":"USER_DELETED","data":{"reason":"left"})"))
                          .string())
                  .status,
              0);
    EXPECT_EQ(one("select value from lantern.counters where name = 'administrators'"), "1");
    ASSERT_EQ(lantern("import " + file("in.ndjson", admin("4", "carl")).string()).status, 0);
    EXPECT_EQ(one("select value from lantern.counters where name = 'administrators'"), "2");
    // Again: what is there moves nothing.
    ASSERT_EQ(lantern("import " + file("in.ndjson", admin("4", "carl")).string()).status, 0);
    EXPECT_EQ(one("select value from lantern.counters where name = 'administrators'"), "2");
}

TEST_F(ImportVerbsTest, WhatIsExportedIsImportedAsTheSameStreams) {
    std::string lines;
    for (int n = 1; n <= 300; ++n) {
        const auto user = "usr" + std::to_string(n);
        lines += created(std::to_string(n), user, user + "@x.org");
        lines +=
            line("b" + std::to_string(n), user, R"("type":"USER_UPDATED","data":{"first_name":"Zo\u00eb \"Z\""})");
    }
    ASSERT_EQ(lantern("import --chunk 70 " + file("in.ndjson", lines).string()).status, 0);
    const auto other = migrated_database();
    const auto said = shell(command("export", url_) + " | " + command("import - --chunk 90", other));
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("imported 600 events"));
    postgres::Connection there({.url = other});
    EXPECT_EQ(there.query(kStreams).text(0, 0), one(kStreams));
    EXPECT_EQ(there.query("select count(*) from lantern.unique_keys").text(0, 0),
              one("select count(*) from lantern.unique_keys"));

    const auto narrow = lantern("export --stream user/usr7 --type USER_UPDATED");
    EXPECT_THAT(narrow.text, HasSubstr(R"("subject":"user/usr7")"));
    EXPECT_EQ(std::count(narrow.text.begin(), narrow.text.end(), '\n'), 1);
}

TEST_F(ImportVerbsTest, AnIncidentIsExportedAsATestThatTheKitRuns) {
    const auto lines =
        line("1", "anna",
             R"("time":"2026-11-20T09:00:00Z","type":"USER_CREATED","data":{"username":"anna",)"
             R"("email":"a@x.org","name":"Anna Karenina"})") +
        line("2", "anna", R"("time":"2026-11-20T10:00:00Z","type":"USER_UPDATED","data":{"first_name":"Zoë"})") +
        line("3", "anna", R"("time":"2026-11-20T11:00:00Z","type":"USER_DELETED","data":{"reason":"asked"})");
    const auto imported = lantern("import " + file("in.ndjson", lines).string());
    ASSERT_EQ(imported.status, 0) << imported.text;
    const auto test = directory_ / "incident.json";
    const auto said = shell(command("export --as-test --stream user/anna --until 2026-11-20T10:00:01Z", url_) +
                            " 2>&1 >" + test.string());
    ASSERT_EQ(said.status, 0) << said.text;
    testing::run_exported_test(lantern_plugin, test.string());
    const auto read = testing::read_exported_test(test.string());
    ASSERT_EQ(read.given.size(), 1u) << "the third was later";
    EXPECT_EQ(read.given[0].schema_version, 2) << "as the plugins are given it";
    EXPECT_THAT(read.given[0].data, HasSubstr("Karenina"));
    EXPECT_EQ(read.when.type, "USER_UPDATED");
    EXPECT_TRUE(read.then.contains("audit_log"));

    // As a person does who knows what should have come of it.
    EXPECT_EQ(shell("sed -i '/\"then\"/,$ s/Zoë/Zoe/' " + test.string()).status, 0);
    EXPECT_THAT([&] { testing::run_exported_test(lantern_plugin, test.string()); },
                ::testing::ThrowsMessage<testing::Failure>(
                    ::testing::AllOf(HasSubstr("user/anna before"), HasSubstr("Zoe"))));

    EXPECT_EQ(lantern("export --as-test").status, 2);
    EXPECT_THAT(lantern("export --as-test --stream user/nobody").text, HasSubstr("found no event of user/nobody"));
}

// A line without a time gets that of its import; what an other system did later may be dated earlier.
TEST_F(ImportVerbsTest, WhatIsExportedUntilATimeHasNoHoles) {
    const auto updated = [](const std::string& id, const std::string& user, const std::string& time) {
        return line(id, user, time + R"("type":"USER_UPDATED","data":{"first_name":"N"})");
    };
    const auto lines = line("1", "now",
                            R"("type":"USER_CREATED","schemaversion":2,"data":{"username":"now",)"
                            R"("email":"n@x.org","first_name":"F","last_name":"L","role":"user"})") +
                       updated("2", "now", R"("time":"2020-01-01T00:00:00Z",)") + created("3", "anna", "a@x.org") +
                       updated("4", "anna", R"("time":"2026-01-02T04:00:00Z",)") + updated("5", "anna", "") +
                       updated("6", "anna", R"("time":"2020-01-01T00:00:00Z",)");
    const auto imported = lantern("import " + file("in.ndjson", lines).string());
    ASSERT_EQ(imported.status, 0) << imported.text;
    for (const char* stream : {"", " --stream user/anna"}) {
        const auto said = lantern(std::string("export --until 2026-01-03T00:00:00Z") + stream);
        EXPECT_EQ(std::count(said.text.begin(), said.text.end(), '\n'), 2) << said.text;
        EXPECT_THAT(said.text, HasSubstr(R"("revision":1)"));
        EXPECT_THAT(said.text, HasSubstr(R"("revision":2)"));
        EXPECT_THAT(said.text, ::testing::Not(HasSubstr("user/now")));
    }
    EXPECT_THAT(lantern("export --as-test --stream user/now --until 2026-01-03T00:00:00Z").text,
                HasSubstr("found no event of user/now"));
}

TEST_F(ImportVerbsTest, SecretsDoNotLeaveTheStore) {
    const auto input =
        file("in.ndjson", line("1", "anna",
                               R"("type":"USER_CREATED","schemaversion":2,"data":{"username":"anna",)"
                               R"("email":"a@x.org","first_name":"F","last_name":"L","role":"user",)"
                               R"("password_hash":"hidden-hash","hashing_method":"argon2id"})"));
    ASSERT_EQ(lantern("import " + input.string()).status, 0);
    EXPECT_EQ(one("select data->>'password_hash' from lantern.events"), "hidden-hash");
    const auto said = lantern("export");
    EXPECT_THAT(said.text, HasSubstr("a@x.org"));
    EXPECT_EQ(said.text.find("hidden-hash"), std::string::npos);
}

// No schema says what of it is secret.
TEST_F(ImportVerbsTest, AnExportThatLeavesDataOutSaysHowMuchAndEndsWithCode3) {
    const auto thing = [](const std::string& id, const std::string& rest) {
        return R"({"specversion":"1.0","id":")" + id + R"(","source":"crm","subject":"thing/1",)" + rest + "}\n";
    };
    const auto lines =
        created("1", "anna", "a@x.org") + thing("2", R"("type":"ELSEWHERE","data":{"what":"perhaps hidden"})") +
        thing("3", R"("type":"ELSEWHERE","data":{"what":"too"})") + thing("4", R"("type":"EMPTY","data":null)");
    const auto imported = lantern("import " + file("in.ndjson", lines).string());
    ASSERT_EQ(imported.status, 0) << imported.text;
    const auto said = lantern("export");
    EXPECT_EQ(said.status, 3);
    EXPECT_THAT(said.text, HasSubstr("2 events of type ELSEWHERE 1 went out without their data"));
    EXPECT_THAT(said.text,
                HasSubstr("2 of 4 events are without their data, and an import of them gives another store"));
    EXPECT_THAT(said.text, ::testing::Not(HasSubstr("hidden")));
    EXPECT_EQ(lantern("export --type USER_CREATED").status, 0);
    EXPECT_EQ(lantern("export --type EMPTY").status, 0) << "it has none";

    const auto gone = line("5", "anna", R"("type":"USER_DELETED","data":{"reason":"asked"})");
    ASSERT_EQ(lantern("import " + file("more.ndjson", gone).string()).status, 0);
    EXPECT_EQ(lantern("export --as-test --stream user/anna").status, 0);
    ASSERT_TRUE(std::filesystem::remove(config_ / "schemas" / "USER_DELETED.1.json"));
    const auto test = lantern("export --as-test --stream user/anna");
    EXPECT_EQ(test.status, 3) << test.text;
    EXPECT_THAT(test.text, HasSubstr("1 of 2 events are without their data"));
}

}  // namespace
}  // namespace lantern::test
