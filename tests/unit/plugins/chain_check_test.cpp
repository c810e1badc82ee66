// Each way to tamper with an audit log shows, at the row at fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <lantern/testing.hpp>

#include "plugins/audit_log/chain.hpp"

namespace {

using namespace lantern::testing;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kSettings = R"({"hmac_key": "a key that nobody knows"})";
constexpr std::int64_t kRevisions = 4;  // of user/1
const json::string kZeros(64, '0');     // no hash that was ever made

// The log of two users, as the plugin left it.
class ChainCheck : public ::testing::Test {
protected:
    ChainCheck() : ChainCheck(kSettings) {}
    explicit ChainCheck(const std::string& settings) : run_(lantern_plugin, settings) {
        ProjectionSpec spec(lantern_plugin, settings);
        const std::string data = R"({"username": "sarah", "email": "sarah@example.com", "first_name": "Sarah",
            "last_name": "Connor", "role": "user", "password_hash": "x", "hashing_method": "x"})";
        spec.given(
            event("USER_CREATED", "user/1", data).version(2).by("admin"),
            event("USER_CREATED", "user/2", data).version(2).by("admin"),
            event("USER_UPDATED", "user/1", R"({"first_name": "Sälly \"x\""})").by("1"),
            event("USER_STATUS_CHANGED", "user/1", R"({"status": "suspended", "reason": "asked"})").by("admin"),
            event("USER_DELETED", "user/1", R"({"reason": "left"})").by("admin"));
        run_.take(spec.tables());
        run_.applied("user/1", kRevisions);
        run_.applied("user/2", 1);
    }

    // Of user/1.
    json::object& row(std::int64_t revision) {
        for (json::object& row : run_.rows("audit_log"))
            if (row.at("subject") == "1" && row.at("revision") == revision) return row;
        throw std::logic_error("there is no row of revision " + std::to_string(revision));
    }
    json::object& head() {
        for (json::object& head : run_.rows("audit_heads"))
            if (head.at("subject") == "1") return head;
        throw std::logic_error("there is no head");
    }
    void remove(std::int64_t revision) {
        const json::object gone = row(revision);
        std::erase(run_.rows("audit_log"), gone);
    }
    void remove_head() {
        const json::object gone = head();
        std::erase(run_.rows("audit_heads"), gone);
    }
    static std::string text(const json::value& value) {
        return value.is_null() ? std::string() : std::string(view(value.as_string()));
    }
    // The hash that whoever does not know the key can make for a row.
    static std::string plain_hash(const json::object& row) {
        const std::string changes = audit::canonical(row.at("changes")), previous = text(row.at("previous_hash")),
                          id = text(row.at("event_id")), actor = text(row.at("actor")),
                          action = text(row.at("action")), reason = text(row.at("reason"));
        return audit::hash_of({.previous_hash = previous,
                               .event_id = id,
                               .subject_type = "user",
                               .subject = "1",
                               .revision = row.at("revision").as_int64(),
                               .time_us = parse_time(text(row.at("time"))).value(),
                               .actor = actor,
                               .action = action,
                               .reason = reason,
                               .changes = changes},
                              "");
    }
    auto at_row(std::int64_t revision, const std::string& found) {
        return AllOf(
            Field(&Finding::table, "audit_log"),
            Field(&Finding::key, json::object{{"subject", "1"}, {"event_id", row(revision).at("event_id")}}),
            Field(&Finding::found, HasSubstr(found)));
    }
    static auto at_head(const std::string& found, const std::string& expected) {
        return AllOf(Field(&Finding::table, "audit_heads"),
                     Field(&Finding::key, json::object{{"subject", "1"}, {"subject_type", "user"}}),
                     Field(&Finding::found, HasSubstr(found)), Field(&Finding::expected, HasSubstr(expected)));
    }

    CheckRun run_;
};

class ChainCheckWithoutKey : public ChainCheck {
protected:
    ChainCheckWithoutKey() : ChainCheck("{}") {}
};

TEST_F(ChainCheck, RowsAsTheyWereLeftAreGood) {
    EXPECT_THAT(run_.findings(), IsEmpty());
}

TEST_F(ChainCheckWithoutKey, RowsAsTheyWereLeftAreGood) {
    EXPECT_THAT(run_.findings(), IsEmpty());
}

TEST_F(ChainCheck, StreamsOfTwoTypesWithOneIdAreTwoChains) {
    ProjectionSpec spec(lantern_plugin, kSettings);
    const std::string data = R"({"username": "a", "email": "a@example.com"})";
    spec.given(event("USER_CREATED", "user/1", data).version(2), event("USER_CREATED", "member/1", data).version(2),
               event("USER_UPDATED", "user/1", R"({"email": "b@example.com"})"));
    run_.take(spec.tables());
    run_.applied("user/1", 2);
    run_.applied("user/2", 0);
    run_.applied("member/1", 1);
    EXPECT_THAT(run_.findings(), IsEmpty());
}

TEST_F(ChainCheck, AChangedFieldShowsAtItsRow) {
    const json::object as_it_was = row(2);
    const std::pair<const char*, json::value> changed[] = {
        {"actor", "somebody else"},  {"action", "USER_SEEN"},          {"reason", "none"},
        {"changes", json::object{}}, {"time", "2020-01-01T00:00:00Z"}, {"hash", kZeros}};
    for (const auto& [column, value] : changed) {
        row(2)[column] = value;
        EXPECT_THAT(run_.findings(), ElementsAre(at_row(2, "hash "))) << column;
        row(2) = as_it_was;
    }
    row(2)["previous_hash"] = nullptr;
    EXPECT_THAT(run_.findings(), ElementsAre(at_row(2, "previous_hash none"), at_row(2, "hash ")));
}

TEST_F(ChainCheck, ARowThatIsGoneShowsAtTheNext) {
    remove(1);
    EXPECT_THAT(run_.findings(), ElementsAre(at_row(2, "previous_hash")));
    remove(3);
    EXPECT_THAT(run_.findings(), ElementsAre(at_row(2, "previous_hash"), at_row(4, "previous_hash")));
}

TEST_F(ChainCheck, TheLastRowThatIsGoneShowsThoughTheHeadWasPutBack) {
    remove(4);
    EXPECT_THAT(run_.findings(),
                ElementsAre(at_head("hash ", text(row(3).at("hash"))), at_head("of revision 3", "of revision 4")));
    head()["hash"] = row(3).at("hash");
    auto& fields = head()["fields"].as_object();
    for (const auto& [field, change] : json::object(row(1).at("changes").as_object()))
        fields[field] = change.at("new");
    fields["first_name"] = "Sälly \"x\"";
    fields["status"] = "suspended";
    EXPECT_THAT(run_.findings(), ElementsAre(at_head("of revision 3", "of revision 4, the last that is applied")));
}

TEST_F(ChainCheck, AStreamWithoutAnyRowShows) {
    for (std::int64_t revision = 1; revision <= kRevisions; ++revision) remove(revision);
    EXPECT_THAT(run_.findings(), ElementsAre(at_head("hash ", "no row"), at_head("no row", "of revision 4")));
    remove_head();
    EXPECT_THAT(run_.findings(), ElementsAre(at_head("no row in the log", "of revision 4")));
}

TEST_F(ChainCheck, RowsThatTradedPlacesShow) {
    json::object &second = row(2), &third = row(3);
    second["revision"] = 3;
    third["revision"] = 2;
    EXPECT_THAT(run_.findings(), SizeIs(::testing::Ge(4u)));
}

TEST_F(ChainCheck, AChainMadeAnewWithoutTheKeyShowsAtEachRow) {
    row(1)["actor"] = "nobody";
    json::value previous = nullptr;
    for (std::int64_t revision = 1; revision <= kRevisions; ++revision) {
        row(revision)["previous_hash"] = previous;
        row(revision)["hash"] = plain_hash(row(revision));
        previous = row(revision)["hash"];
    }
    head()["hash"] = previous;
    EXPECT_THAT(run_.findings(),
                ElementsAre(at_row(1, "hash "), at_row(2, "hash "), at_row(3, "hash "), at_row(4, "hash ")));
}

TEST_F(ChainCheck, AHeadThatDoesNotFollowFromTheRowsShows) {
    const json::object as_it_was = head();
    head()["hash"] = kZeros;
    EXPECT_THAT(run_.findings(), ElementsAre(at_head("hash 0000", text(row(4).at("hash")))));
    head() = as_it_was;
    head()["fields"].as_object()["role"] = "admin";
    EXPECT_THAT(run_.findings(), ElementsAre(at_head(R"("role":"admin")", R"("role":null)")));
    remove_head();
    EXPECT_THAT(run_.findings(), ElementsAre(at_head("no row", text(row(4).at("hash")))));
}

TEST_F(ChainCheck, RowsThatNoEventMadeShow) {
    json::object planted = row(4);
    planted["event_id"] = "01900000-0000-7000-8000-0000000000ff";
    planted["revision"] = 5;
    planted["previous_hash"] = row(4).at("hash");
    planted["hash"] = kZeros;
    run_.rows("audit_log").push_back(planted);
    EXPECT_THAT(run_.findings(), ElementsAre(at_row(5, "hash "), at_head("hash ", "that of the last row"),
                                             at_head("of revision 5", "none after revision 4")));
    remove(5);
    planted["subject"] = "9";
    run_.rows("audit_log").push_back(planted);
    EXPECT_THAT(run_.findings(), SizeIs(4));
    EXPECT_THAT(run_.findings().back().expected, HasSubstr("no event of such a stream is applied"));
}

TEST_F(ChainCheck, ChangesThatCannotBeReadAreAFindingToo) {
    json::value deep = nullptr;
    for (int at = 0; at < 100; ++at) deep = json::array{std::move(deep)};
    for (const json::value& unreadable : {json::value(nullptr), deep}) {
        row(2)["changes"] = unreadable;
        EXPECT_THAT(run_.findings(), ElementsAre(at_row(2, "hash ")));
    }
}

}  // namespace
