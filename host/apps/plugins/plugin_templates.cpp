#include "host/apps/plugins/plugin_templates.hpp"

namespace lantern::apps {
namespace {

constexpr const char* kBuild = R"~~(cmake_minimum_required(VERSION 3.25)
project(@NAME@ LANGUAGES CXX)

find_package(lantern REQUIRED)
lantern_add_plugin(@NAME@ SOURCES @NAME@.cpp)

enable_testing()
add_executable(@NAME@_test @NAME@_test.cpp)
target_link_libraries(@NAME@_test PRIVATE @NAME@_objects)
add_test(NAME @NAME@_test COMMAND @NAME@_test)
)~~";

constexpr const char* kTestMain = R"~~(
int main() {
    try {
        run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
)~~";

constexpr const char* kProjection = R"~~(// Table things: what was last noted of each thing, and when.
#include <lantern/plugin.hpp>

namespace {

using lantern::Type;

// A row belongs to one aggregate, whose id begins the key. For rows fed by many aggregates: Table::shared.
constexpr auto kThings = lantern::Table::owned("things")
                             .key("id", Type::text)
                             .column("note", Type::text)
                             .column("last_at", Type::time)
                             .column("revision", Type::integer);

class @CLASS@ : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("@NAME@", "0.1.0")
            .on("THING_NOTED")
            .schema_version(1)  // raise it whenever the table changes: it is then rebuilt
            .table(kThings);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        changes.upsert(kThings, event.aggregate_id(),
                       {{kThings["note"], event.text("note")},
                        {kThings["last_at"], event.recorded_at()},
                        {kThings["revision"], event.revision()}});
    }
};

}  // namespace

LANTERN_PLUGIN(@CLASS@)
)~~";

constexpr const char* kProjectionTest = R"~~(#include <cstdio>
#include <lantern/testing.hpp>

using namespace lantern::testing;

// The kit also runs these events redelivered, replayed, and with the streams in another order.
static void run() {
    ProjectionSpec(lantern_plugin)
        .given(event("THING_NOTED", "thing/1", R"({"note": "first"})"),
               event("THING_NOTED", "thing/2", R"({"note": "other"})"),
               event("THING_NOTED", "thing/1", R"({"note": "second"})"))
        .then("things", R"([{"id": "1", "note": "second", "revision": 2}, {"id": "2", "note": "other", "revision": 1}])");
}
)~~";

constexpr const char* kProjectionEvents =
    R"~~({"type": "THING_NOTED", "subject": "thing/1", "data": {"note": "first"}}
{"type": "THING_NOTED", "subject": "thing/2", "data": {"note": "other"}}
{"type": "THING_NOTED", "subject": "thing/1", "data": {"note": "second"}}
)~~";

constexpr const char* kSideEffect = R"~~(// Acts on the world outside, at least once for each event.
#include <lantern/plugin.hpp>

namespace {

class @CLASS@ : public lantern::SideEffect {
public:
    static lantern::Description describe() {
        return lantern::Description("@NAME@", "0.1.0").on("THING_NOTED").settings(R"({
            "type": "object", "additionalProperties": false,
            "properties": {"greeting": {"type": "string", "default": "hello"}}})");
    }

    explicit @CLASS@(const lantern::Setup& setup)
        : log_(setup.log()), greeting_(lantern::find_text(setup.settings(), "greeting").value_or("hello")) {}

    lantern::Outcome act(const lantern::Event& event, const lantern::Attempt& attempt) {
        // A crash between acting and noting it makes Lantern act again, with the same key: pass it on.
        log_.info(greeting_ + ", " + std::string(event.aggregate_id()) + " (" +
                  std::string(attempt.idempotency_key()) + ")");
        return lantern::Outcome::applied();
    }

private:
    lantern::Log log_;
    std::string greeting_;
};

}  // namespace

LANTERN_PLUGIN(@CLASS@)
)~~";

constexpr const char* kSideEffectTest = R"~~(#include <cstdio>
#include <lantern/testing.hpp>

using namespace lantern::testing;

static void run() {
    SideEffectRun effect(lantern_plugin, R"({"greeting": "good morning"})");
    const auto answer = effect.act(event("THING_NOTED", "thing/1", R"({"note": "first"})"));
    if (answer.kind != LANTERN_APPLIED) throw Failure("answered " + answer.text());
}
)~~";

constexpr const char* kAggregate =
    R"~~(// Decides what may happen to a thing: it is noted, and no two things hold the same note.
#include <lantern/plugin.hpp>

namespace {

namespace json = lantern::json;

class @CLASS@ : public lantern::Aggregate {
public:
    struct State {
        std::string note;
    };

    static lantern::Description describe() {
        return lantern::Description("@NAME@", "0.1.0")
            .aggregate_type("@NAME@")
            .on("THING_NOTED")
            .state_version(1)  // raise it whenever save() changes: older snapshots are then ignored
            .commands({"note"});
    }

    static void evolve(State& state, const lantern::Event& event) { state.note = event.text("note"); }

    static void decide(const State& state, const lantern::Command& command, lantern::Decision& decision) {
        const auto note = lantern::find_text(command.data(), "note").value_or("");
        if (note.empty()) {
            decision.invalid("note", "must not be empty");
        } else if (note == state.note) {
            decision.rule("note_changes", "this is its note already", "note");
        } else {
            decision.emit("THING_NOTED", 1, {{"note", note}});
        }
    }

    static void unique_keys(const State& state, lantern::UniqueKeys& keys) {
        if (!state.note.empty()) keys.hold("note", state.note);
    }

    static json::object save(const State& state) { return {{"note", state.note}}; }
    static void load(State& state, const json::object& saved) { state.note = saved.at("note").as_string(); }
};

}  // namespace

LANTERN_PLUGIN(@CLASS@)
)~~";

constexpr const char* kAggregateTest = R"~~(#include <cstdio>
#include <lantern/testing.hpp>

using namespace lantern::testing;

static void run() {
    AggregateSpec(lantern_plugin)
        .when("note", R"({"note": "first"})")
        .then_emitted({{"THING_NOTED", R"({"note": "first"})"}})
        .then_keys({"note:first"});
    AggregateSpec(lantern_plugin)
        .given(event("THING_NOTED", "@NAME@/1", R"({"note": "first"})"))
        .when("note", R"({"note": "first"})")
        .then_rejected(LANTERN_RULE, "note_changes");
    AggregateSpec(lantern_plugin).when("note").then_rejected(LANTERN_INVALID, "note");
}
)~~";

constexpr const char* kSchema =
    R"~~(// Brings older events to the form of today: in version 1 the note was called `text`.
#include <lantern/plugin.hpp>

namespace {

class @CLASS@ : public lantern::Schema {
public:
    static lantern::Description describe() {
        return lantern::Description("@NAME@", "0.1.0").upcast("THING_NOTED", 1);
    }

    static void upcast(std::string_view, std::int64_t, lantern::json::object& data) {
        data["note"] = std::string(lantern::find_text(data, "text").value_or(""));
        data.erase("text");
    }
};

}  // namespace

LANTERN_PLUGIN(@CLASS@)
)~~";

constexpr const char* kSchemaTest = R"~~(#include <cstdio>
#include <lantern/testing.hpp>

using namespace lantern::testing;

static void run() {
    const auto next = upcast(lantern_plugin, "THING_NOTED", 1, R"({"text": "first"})");
    if (next != parse_expected(R"({"note": "first"})")) throw Failure("upcast otherwise");
}
)~~";

}  // namespace

std::vector<TemplateFile> plugin_template(const std::string& kind) {
    const auto files = [](const char* source, const char* test) {
        return std::vector<TemplateFile>{
            {"CMakeLists.txt", kBuild}, {"@NAME@.cpp", source}, {"@NAME@_test.cpp", std::string(test) + kTestMain}};
    };
    std::vector<TemplateFile> project;
    if (kind == "projection") project = files(kProjection, kProjectionTest);
    if (kind == "side_effect") project = files(kSideEffect, kSideEffectTest);
    if (kind == "aggregate") project = files(kAggregate, kAggregateTest);
    if (kind == "schema") project = files(kSchema, kSchemaTest);
    if (kind == "projection") project.push_back({"events.jsonl", kProjectionEvents});
    return project;
}

}  // namespace lantern::apps
