// Loaded plugins behind the ports of worker and command.
#include <gmock/gmock.h>

#include "host/core/fault.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "tests/integration/plugin_loading/zoo_fixture.hpp"

namespace lantern::test {
namespace {

using plugin_loading::Library;
using plugin_loading::LogLevel;
using plugin_loading::Upcasters;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class FakeRecorder final : public worker::Recorder {
public:
    std::optional<std::string> record(Change change) override {
        changes.push_back(std::move(change));
        return refuse_next;
    }
    const Row* find(std::uint32_t, const std::vector<Value>& key) override {
        if (fail_next) throw Fault(FaultKind::outage, "postgres", "gone");
        found_keys.push_back(key);
        return row ? &*row : nullptr;
    }

    std::vector<Change> changes;
    std::vector<std::vector<Value>> found_keys;
    std::optional<Row> row;
    std::optional<std::string> refuse_next;
    bool fail_next = false;
};

Event event_of(const std::string& type, const std::string& data = "{}") {
    Event event;
    event.id = *Uuid::parse("0190aaaa-0000-7000-8000-00000000000a");
    event.stream = StreamId{5};
    event.revision = Revision{1};
    event.position = Position{10};
    event.aggregate_type = "person";
    event.aggregate_id = "sarah";
    event.type = type;
    event.recorded_at = Timestamp{std::chrono::microseconds{86'400'000'000 * 20'000 + 7}};
    event.data = data;
    event.metadata = "{}";
    return event;
}

class Adapters : public Zoo {
protected:
    std::shared_ptr<const Library> open(const std::string& name) {
        const auto opened = Library::open(put(name), {copies()});
        EXPECT_TRUE(opened) << opened.error();
        return opened.value();
    }
    std::unique_ptr<worker::Projection> projection() { return projection_of(*open("good_projection")); }
    std::unique_ptr<worker::Projection> projection_of(const Library& library) {
        return std::move(library
                             .make_projection("{}", {[this](LogLevel level, std::string_view message) {
                                                         logged_.emplace_back(level, message);
                                                     },
                                                     [this] { return time_left_; }})
                             .value());
    }

    FakeRecorder recorder_;
    std::vector<std::pair<LogLevel, std::string>> logged_;
    std::chrono::microseconds time_left_ = std::chrono::microseconds::max();
};

TEST_F(Adapters, ChangesReachTheRecorder) {
    const auto object = projection();
    EXPECT_EQ(object->handle(event_of("UPSERT", "Sarah"), recorder_).kind, Outcome::Kind::applied);
    EXPECT_EQ(object->handle(event_of("PATCH", "Sara"), recorder_).kind, Outcome::Kind::applied);
    EXPECT_EQ(object->handle(event_of("REMOVE"), recorder_).kind, Outcome::Kind::applied);
    EXPECT_EQ(object->handle(event_of("ADD"), recorder_).kind, Outcome::Kind::applied);
    EXPECT_EQ(object->handle(event_of("PUT_NEWEST", "late"), recorder_).kind, Outcome::Kind::applied);
    const std::vector<Value> sarah = {std::string("sarah")};
    const std::vector<Value> day = {std::int64_t{20'000}};
    EXPECT_THAT(recorder_.changes,
                ElementsAre(Change{0,
                                   Verb::upsert,
                                   sarah,
                                   {{1, std::string("Sarah")},
                                    {2, std::int64_t{86'400'000'000 * 20'000 + 7}},
                                    {3, std::string("{}")}}},
                            Change{0, Verb::patch, sarah, {{1, std::string("Sara")}}},
                            Change{0, Verb::remove, sarah, {}}, Change{1, Verb::add, day, {{1, std::int64_t{1}}}},
                            Change{1, Verb::put_newest, day, {{3, std::monostate{}}, {4, std::string("late")}}}));
}

TEST_F(Adapters, ARefusedChangeFailsTheEventWithTheHostsMessage) {
    const auto object = projection();
    const auto reason = [&](const std::string& type) {
        const auto outcome = object->handle(event_of(type), recorder_);
        EXPECT_EQ(outcome.kind, Outcome::Kind::retry) << type;
        return outcome.reason;
    };
    EXPECT_THAT(reason("UPSERT_SHARED"), AllOf(HasSubstr("table days: found upsert on a shared table"),
                                               HasSubstr("between which there is no order")));
    EXPECT_THAT(reason("FIND_SHARED"), HasSubstr("table days: found find on a shared table"));
    EXPECT_THAT(reason("ADD_OWNED"), HasSubstr("table people: found add on an owned table"));
    EXPECT_THAT(reason("OTHERS_KEY"),
                AllOf(HasSubstr("found the key \"somebody else\""), HasSubstr("aggregate id \"sarah\"")));
    EXPECT_THAT(reason("WRONG_TYPE"), HasSubstr("column seen: found a value of type text, expected time"));
    EXPECT_THAT(reason("NO_SUCH_TABLE"), HasSubstr("found table number 9"));
    EXPECT_THAT(reason("KEY_COLUMN"), HasSubstr("a cell for column number 0, expected 1 to 3"));
    EXPECT_THAT(reason("TWO_CELLS"), HasSubstr("column name: found two cells"));
    EXPECT_THAT(reason("BAD_TEXT"), HasSubstr("not UTF-8"));
    EXPECT_THAT(reason("SHORT_KEY"), HasSubstr("a key of 0 values, expected 1"));
    EXPECT_THAT(reason("WRONG_MERGE"), HasSubstr("column first: found add, expected its declared merge, least"));
    EXPECT_TRUE(recorder_.changes.empty());

    recorder_.refuse_next = "too many";
    EXPECT_THAT(reason("REMOVE"), HasSubstr("too many"));
    recorder_.refuse_next.reset();
    EXPECT_EQ(object->handle(event_of("REMOVE"), recorder_).kind, Outcome::Kind::applied);
}

TEST_F(Adapters, OutcomesAreTranslated) {
    const auto object = projection();
    const auto outcome = [&](const std::string& type) { return object->handle(event_of(type), recorder_); };
    EXPECT_EQ(outcome("SKIP").kind, Outcome::Kind::skipped);
    EXPECT_EQ(outcome("RETRY").kind, Outcome::Kind::retry);
    EXPECT_EQ(outcome("RETRY").after, std::chrono::milliseconds(1500));
    EXPECT_EQ(outcome("REJECT").kind, Outcome::Kind::rejected);
    EXPECT_EQ(outcome("REJECT").reason, "as told");
    EXPECT_EQ(outcome("UNAVAILABLE").kind, Outcome::Kind::unavailable);
    EXPECT_EQ(outcome("UNAVAILABLE").dependency, "the sea");
    EXPECT_EQ(outcome("NONSENSE").kind, Outcome::Kind::retry);
    EXPECT_THAT(outcome("NONSENSE").reason, HasSubstr("outcome 77"));
}

TEST_F(Adapters, FindReadsThroughTheRecorder) {
    const auto object = projection();
    EXPECT_EQ(object->handle(event_of("FIND"), recorder_).reason, "nobody");
    recorder_.row = Row{std::string("sarah"), std::string("Sarah"), std::monostate{}, std::monostate{}};
    EXPECT_EQ(object->handle(event_of("FIND"), recorder_).reason, "sarah is Sarah, never seen");
    EXPECT_EQ(recorder_.found_keys.size(), 2u);
    const auto keys = object->keys(event_of("FIND"));
    EXPECT_THAT(keys, ElementsAre(worker::TableKey{0, {std::string("sarah")}}));
}

TEST_F(Adapters, AFaultOfTheDatabaseComesOutBehindThePlugin) {
    const auto object = projection();
    recorder_.fail_next = true;
    EXPECT_THROW((void)object->handle(event_of("FIND"), recorder_), Fault);
    recorder_.fail_next = false;
    EXPECT_EQ(object->handle(event_of("FIND"), recorder_).reason, "nobody");
}

TEST_F(Adapters, LogLinesReachTheSink) {
    const auto object = projection();
    (void)object->handle(event_of("LOG"), recorder_);
    EXPECT_THAT(logged_,
                ElementsAre(std::pair(LogLevel::warn, std::string("0190aaaa-0000-7000-8000-00000000000a"))));
}

TEST_F(Adapters, AProjectionSeesItsDeadline) {
    const auto library = open("good_projection");
    const auto object = projection_of(*library);
    EXPECT_EQ(object->handle(event_of("LATE"), recorder_).kind, Outcome::Kind::applied);
    time_left_ = std::chrono::microseconds(-1);
    const auto outcome = object->handle(event_of("LATE"), recorder_);
    EXPECT_EQ(outcome.kind, Outcome::Kind::retry);
    EXPECT_EQ(outcome.reason, "past my deadline");

    const auto without = library->make_projection("{}", {});
    EXPECT_EQ(without.value()->handle(event_of("LATE"), recorder_).kind, Outcome::Kind::applied);
}

OwnedRows people(std::vector<std::pair<std::string, Value>> names) {
    OwnedRows rows{"sarah", {{"person", Revision{3}}, {"robot", Revision{1}}}, {{}, {}}};
    for (auto& [id, name] : names)
        rows.tables[0].push_back({id, std::move(name), std::int64_t{7}, std::monostate{}});
    return rows;
}

TEST_F(Adapters, ACheckIsGivenRowsAndReportsThem) {
    const auto library = open("good_projection");
    ASSERT_TRUE(library->has_check());
    EXPECT_THAT(library->make_check(R"({"refuse": true})", {}).error(), HasSubstr("told to refuse"));
    const auto check = std::move(library->make_check("{}", {}).value());
    const auto good = check->look(people({{"sarah", std::string("Sarah")}}));
    ASSERT_TRUE(good) << good.error();
    EXPECT_TRUE(good.value().empty());

    const auto found = check->look(people({{"sarah", std::string("wrong")}}));
    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found.value().size(), 1u);
    EXPECT_EQ(found.value()[0].key, std::vector<Value>{std::string("sarah")});
    EXPECT_EQ(found.value()[0].found, "wrong");
    EXPECT_EQ(found.value()[0].expected, "person 3 robot 1 0") << "streams, and no rows of the shared table";
}

TEST_F(Adapters, ACheckThatCannotLookOrReportsNonsenseSaysSo) {
    const auto check = std::move(open("good_projection")->make_check("{}", {}).value());
    EXPECT_THAT(check->look(people({{"sarah", std::monostate{}}})).error(),
                HasSubstr("good_projection 1.2.3: check failed: nobody has no name"));
    EXPECT_THAT(check->look(people({{"sarah", std::string("foreign")}})).error(),
                HasSubstr("reported a row that cannot be: table people: found the key \"somebody else\""));
}

TEST_F(Adapters, APluginOfTheContractBeforeTheCheckIsServedWithoutIt) {
    const auto library = open("before_check");
    EXPECT_FALSE(library->has_check());
    EXPECT_EQ(projection_of(*library)->handle(event_of("SEEN"), recorder_).kind, Outcome::Kind::applied);
    EXPECT_FALSE(open("good_side_effect")->has_check());
}

TEST_F(Adapters, CreateRefusesWithThePluginsReason) {
    const auto library = open("good_projection");
    EXPECT_THAT(library->make_projection(R"({"refuse": true})", {}).error(),
                HasSubstr("good_projection 1.2.3: create failed: told to refuse"));
    EXPECT_THAT(library->make_side_effect("{}", HandlerName{"h"}, {}).error(),
                HasSubstr("one of kind side_effect"));
    EXPECT_EQ(library->aggregate(), nullptr);
}

TEST_F(Adapters, ASideEffectIsToldItsAttempt) {
    const auto made = open("good_side_effect")->make_side_effect(R"({"to": "me"})", HandlerName{"welcome"}, {});
    ASSERT_TRUE(made) << made.error();
    worker::Attempt attempt;
    attempt.number = 3;
    attempt.idempotency_key = *Uuid::parse("0190bbbb-0000-7000-8000-00000000000b");
    const auto outcome = made.value()->act(event_of("SEEN"), attempt);
    EXPECT_EQ(outcome.reason,
              "welcome attempt 3 key 0190bbbb-0000-7000-8000-00000000000b settings {\"to\": \"me\"}");
}

TEST_F(Adapters, AnAggregateEvolvesDecidesAndSaves) {
    const auto aggregate = open("good_aggregate")->aggregate();
    EXPECT_EQ(aggregate->description().state_version, 4);
    const auto state = aggregate->state();
    ASSERT_TRUE(state->evolve(event_of("COUNTED")));
    ASSERT_TRUE(state->evolve(event_of("COUNTED")));
    EXPECT_THAT(state->evolve(event_of("LOST")).error(),
                HasSubstr("good_aggregate 1: evolve of LOST at revision 1 failed: cannot count this"));
    const auto decide = [&](const std::string& name) { return state->decide({name, "id", "{}", "{}"}); };
    const auto counted = decide("count");
    ASSERT_TRUE(counted) << counted.error();
    ASSERT_EQ(counted.value().events.size(), 1u);
    EXPECT_EQ(counted.value().events[0].data, "{\"before\": 2}");
    const auto rejected = decide("reject");
    ASSERT_EQ(rejected.value().rejections.size(), 2u);
    EXPECT_EQ(rejected.value().rejections[0].kind, command::RejectionKind::conflict);
    EXPECT_EQ(rejected.value().rejections[0].rule, "taken");
    EXPECT_EQ(rejected.value().rejections[1].kind, command::RejectionKind::invalid);
    EXPECT_EQ(rejected.value().rejections[1].field, "name");
    EXPECT_EQ(decide("ask").value().asks[0].service, "password.hash");
    EXPECT_THAT(decide("dance").error(), HasSubstr("decide of dance failed: no such command"));
    EXPECT_THAT(decide("emit_unknown").error(), HasSubstr("emitted VANISHED, which its description does not name"));
    EXPECT_THAT(decide("emit_newer").error(), HasSubstr("schema version 2"));
    EXPECT_THAT(decide("emit_text").error(), HasSubstr("no JSON object"));
    EXPECT_THAT(state->unique_keys().value(),
                ElementsAre(command::UniqueKey{"a", "2"}, command::UniqueKey{"z", "2"}));

    const auto other = aggregate->state();
    ASSERT_TRUE(other->load(state->save().value()));
    EXPECT_EQ(other->save().value(), "{\"count\": 2}");
    EXPECT_THAT(other->load("[]").error(), HasSubstr("not of this build's state"));
}

TEST_F(Adapters, EventsAreBroughtToTheDeclaredVersion) {
    const auto target = open("good_projection");
    const auto upcasters = Upcasters::make({open("good_schema")}, target->description());
    ASSERT_TRUE(upcasters) << upcasters.error();
    auto old = event_of("UPSERT", "{\"n\": 1}");
    EXPECT_EQ(upcasters.value()->upcast(old), std::nullopt);
    EXPECT_EQ(old.schema_version, 2);
    EXPECT_EQ(old.data, "{\"was\": {\"n\": 1}}");
    EXPECT_EQ(upcasters.value()->upcast(old), std::nullopt);
    EXPECT_EQ(old.data, "{\"was\": {\"n\": 1}}");

    auto empty = event_of("UPSERT", "null");
    EXPECT_EQ(upcasters.value()->upcast(empty), std::nullopt);
    EXPECT_EQ(empty.data, "null");

    auto newer = event_of("UPSERT");
    newer.schema_version = 3;
    EXPECT_THAT(*upcasters.value()->upcast(newer),
                HasSubstr("waits for a build of good_projection that understands version 3"));
    auto unreadable = event_of("UPSERT", "{\"bad\": 1}");
    EXPECT_THAT(*upcasters.value()->upcast(unreadable), HasSubstr("nobody can read this"));
    EXPECT_EQ(unreadable.schema_version, 1);
    auto broken = event_of("UPSERT", "{\"broken\": 1}");
    EXPECT_THAT(*upcasters.value()->upcast(broken), HasSubstr("the answer is no JSON"));
    auto strange = event_of("STRANGE");
    EXPECT_THAT(*upcasters.value()->upcast(strange), HasSubstr("does not understand STRANGE"));
}

TEST_F(Adapters, AMissingOrDoubledUpcasterIsNamed) {
    const auto target = open("good_projection");
    auto event = event_of("UPSERT");
    EXPECT_THAT(*Upcasters::make({}, target->description()).value()->upcast(event),
                HasSubstr("no schema plugin upcasts UPSERT from version 1 to 2"));
    const auto schema = open("good_schema");
    EXPECT_THAT(Upcasters::make({schema, schema}, target->description()).error(),
                AllOf(HasSubstr("two upcasters of UPSERT 1"), HasSubstr("good_schema.so")));
}

}  // namespace
}  // namespace lantern::test
