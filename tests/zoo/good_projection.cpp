// A projection that does what the event's type says. Table 0 is owned: id, name, seen, note. Table 1 is shared:
// day, count, first, last_name, last_note. Settings {"refuse": true} are refused by create.
#include <string>

#include "tests/zoo/zoo.hpp"

namespace {

struct Object {
    const lantern_log_v1* log = nullptr;
    const lantern_deadline_v1* deadline = nullptr;
    std::string reason;
};

constexpr char kDescription[] = R"({"name": "good_projection", "version": "1.2.3", "kind": "projection",
    "events": {"UPSERT": 2, "PATCH": 1, "REMOVE": 1, "FIND": 1, "ADD": 1, "LEAST": 1, "PUT_NEWEST": 1, "LOG": 1,
        "OTHERS_KEY": 1, "UPSERT_SHARED": 1, "ADD_OWNED": 1, "FIND_SHARED": 1, "WRONG_TYPE": 1, "NO_SUCH_TABLE": 1,
        "KEY_COLUMN": 1, "TWO_CELLS": 1, "BAD_TEXT": 1, "SHORT_KEY": 1, "WRONG_MERGE": 1,
        "SKIP": 1, "RETRY": 1, "REJECT": 1, "UNAVAILABLE": 1, "NONSENSE": 1, "LATE": 1},
    "settings": {"type": "object", "properties": {"refuse": {"type": "boolean"}}},
    "schema_version": 3,
    "tables": [
        {"name": "people", "ownership": "owned", "key": ["id"], "columns": [{"name": "id", "type": "text"},
            {"name": "name", "type": "text"}, {"name": "seen", "type": "time"}, {"name": "note", "type": "json"}],
         "indexes": [["name"]]},
        {"name": "days", "ownership": "shared", "key": ["day"], "columns": [{"name": "day", "type": "date"},
            {"name": "count", "type": "integer", "merge": "add"}, {"name": "first", "type": "time", "merge": "least"},
            {"name": "last_name", "type": "text", "merge": "newest"},
            {"name": "last_note", "type": "text", "merge": "newest"}]}
    ]})";

lantern_str describe() {
    return zoo::text(kDescription);
}

int32_t create(const lantern_host* host, lantern_str settings, void** object, const lantern_sink* error) {
    if (zoo::view(settings).find("true") != std::string_view::npos) {
        error->write(error->context, zoo::text("told to refuse"));
        return 1;
    }
    auto* made = new Object;
    made->log = static_cast<const lantern_log_v1*>(host->service(host->context, zoo::text("lantern.log/1")));
    made->deadline =
        static_cast<const lantern_deadline_v1*>(host->service(host->context, zoo::text("lantern.deadline/1")));
    if (host->service(host->context, zoo::text("lantern.nothing/9")) != nullptr) return 2;
    *object = made;
    return 0;
}

void destroy(void* object) {
    delete static_cast<Object*>(object);
}

lantern_value null_value() {
    return {LANTERN_NULL, 0, {}};
}
lantern_value integer_value(int32_t type, int64_t from) {
    lantern_value value{type, 0, {}};
    value.as.integer = from;
    return value;
}
lantern_value text_value(int32_t type, std::string_view from) {
    lantern_value value{type, 0, {}};
    value.as.text = zoo::text(from);
    return value;
}
lantern_value day_of(const lantern_event& event) {
    return integer_value(LANTERN_DATE, event.recorded_at_us / 86'400'000'000);
}

// One change of table people, keyed by the event's aggregate.
void change_owned(const lantern_event& event, const lantern_recorder& recorder, std::string_view type) {
    const lantern_value key = text_value(LANTERN_TEXT, zoo::view(event.aggregate_id));
    const lantern_cell name{1, 0, text_value(LANTERN_TEXT, zoo::view(event.data))};
    const lantern_cell whole[] = {
        {3, 0, text_value(LANTERN_JSON, "{}")}, name, {2, 0, integer_value(LANTERN_TIME, event.recorded_at_us)}};
    const auto record = [&](int32_t verb, const lantern_value& of, const lantern_cell* cells, uint32_t count) {
        recorder.record(recorder.context, 0, verb, &of, 1, cells, count);
    };
    if (type == "UPSERT") record(LANTERN_UPSERT, key, whole, 3);
    if (type == "PATCH") record(LANTERN_PATCH, key, &name, 1);
    if (type == "REMOVE") record(LANTERN_REMOVE, key, nullptr, 0);
    if (type == "OTHERS_KEY") record(LANTERN_UPSERT, text_value(LANTERN_TEXT, "somebody else"), &name, 1);
    if (type == "ADD_OWNED") record(LANTERN_ADD, key, &name, 1);
    if (type == "SHORT_KEY") recorder.record(recorder.context, 0, LANTERN_REMOVE, &key, 0, nullptr, 0);
    if (type == "NO_SUCH_TABLE") recorder.record(recorder.context, 9, LANTERN_REMOVE, &key, 1, nullptr, 0);
    const lantern_cell wrong{2, 0, text_value(LANTERN_TEXT, "now")};
    if (type == "WRONG_TYPE") record(LANTERN_UPSERT, key, &wrong, 1);
    const lantern_cell of_key{0, 0, key};
    if (type == "KEY_COLUMN") record(LANTERN_UPSERT, key, &of_key, 1);
    const lantern_cell twice[] = {name, name};
    if (type == "TWO_CELLS") record(LANTERN_UPSERT, key, twice, 2);
    const lantern_cell bad{1, 0, text_value(LANTERN_TEXT, "\xff")};
    if (type == "BAD_TEXT") record(LANTERN_UPSERT, key, &bad, 1);
}

// One change of table days, keyed by the event's day.
void change_shared(const lantern_event& event, const lantern_recorder& recorder, std::string_view type) {
    const lantern_value key = day_of(event);
    const auto record = [&](int32_t verb, uint32_t column, const lantern_value& value) {
        const lantern_cell cell{column, 0, value};
        recorder.record(recorder.context, 1, verb, &key, 1, &cell, 1);
    };
    if (type == "ADD") record(LANTERN_ADD, 1, integer_value(LANTERN_INTEGER, 1));
    if (type == "LEAST") record(LANTERN_LEAST, 2, integer_value(LANTERN_TIME, event.recorded_at_us));
    if (type == "PUT_NEWEST") record(LANTERN_PUT_NEWEST, 4, text_value(LANTERN_TEXT, zoo::view(event.data)));
    if (type == "UPSERT_SHARED") record(LANTERN_UPSERT, 1, integer_value(LANTERN_INTEGER, 1));
    if (type == "WRONG_MERGE") record(LANTERN_ADD, 2, null_value());
}

// Reads the row, and tells its name and note as the reason of a skip.
void find_owned(Object& object, const lantern_event& event, const lantern_recorder& recorder,
                lantern_outcome& outcome) {
    const lantern_value key = text_value(LANTERN_TEXT, zoo::view(event.aggregate_id));
    const lantern_value* row = nullptr;
    const int32_t found = recorder.find(recorder.context, 0, &key, 1, &row);
    object.reason = found == 1
                        ? std::string(zoo::view(row[0].as.text)) + " is " + std::string(zoo::view(row[1].as.text)) +
                              (row[2].type == LANTERN_NULL ? ", never seen" : ", seen")
                    : found == 0 ? "nobody"
                                 : "refused";
    outcome.kind = LANTERN_SKIPPED;
    outcome.reason = zoo::text(object.reason);
}

void answer(lantern_outcome& outcome, std::string_view type) {
    if (type == "SKIP") outcome.kind = LANTERN_SKIPPED;
    if (type == "RETRY") outcome.kind = LANTERN_RETRY;
    if (type == "REJECT") outcome.kind = LANTERN_REJECTED;
    if (type == "UNAVAILABLE") outcome.kind = LANTERN_UNAVAILABLE;
    if (type == "NONSENSE") outcome.kind = 77;
    if (outcome.kind == LANTERN_APPLIED) return;
    outcome.reason = zoo::text("as told");
    outcome.dependency = zoo::text("the sea");
    outcome.after_us = 1'500'000;
}

void handle(void* self, const lantern_event* event, const lantern_recorder* recorder, lantern_outcome* outcome) {
    auto& object = *static_cast<Object*>(self);
    const auto type = zoo::view(event->type);
    change_owned(*event, *recorder, type);
    change_shared(*event, *recorder, type);
    answer(*outcome, type);
    if (type == "FIND") find_owned(object, *event, *recorder, *outcome);
    if (type == "FIND_SHARED") {
        const lantern_value key = day_of(*event);
        const lantern_value* row = nullptr;
        recorder->find(recorder->context, 1, &key, 1, &row);
    }
    if (type == "LATE" && object.deadline->left_us(object.deadline->context) < 0) {
        outcome->kind = LANTERN_RETRY;
        outcome->reason = zoo::text("past my deadline");
    }
    if (type == "LOG") object.log->write(object.log->context, LANTERN_WARN, event->id);
}

void keys(void*, const lantern_event* event, const lantern_keys* keys) {
    const lantern_value key = text_value(LANTERN_TEXT, zoo::view(event->aggregate_id));
    keys->want(keys->context, 0, &key, 1);
    keys->want(keys->context, 5, &key, 1);
}

// A person called "wrong" is one; "foreign" is reported under another's key. Who is called nothing cannot be looked
// at.
int32_t check(void*, const lantern_owned_rows* rows, const lantern_findings* findings, const lantern_sink* error) {
    const auto report = [&](const lantern_value& key, std::string_view found, const std::string& expected) {
        findings->report(findings->context, 0, &key, 1, zoo::text(found), zoo::text(expected));
    };
    std::string streams;
    for (uint64_t at = 0; at < rows->stream_count; ++at)
        streams += std::string(zoo::view(rows->streams[at].aggregate_type)) + " " +
                   std::to_string(rows->streams[at].revision) + " ";
    for (uint64_t at = 0; at < rows->tables[0].count; ++at) {
        const lantern_value* row = rows->tables[0].values + at * 4;
        const auto name = zoo::view(row[1].as.text);
        if (row[1].type == LANTERN_NULL) {
            error->write(error->context, zoo::text("nobody has no name"));
            return 1;
        }
        if (name == "wrong") report(row[0], name, streams + std::to_string(rows->tables[1].count));
        if (name == "foreign") report(text_value(LANTERN_TEXT, "somebody else"), name, streams);
    }
    return 0;
}

constexpr lantern_projection kProjection = {sizeof(lantern_projection), keys, handle, check};

}  // namespace

const lantern_plugin_v1 lantern_plugin = zoo::projection(describe, create, destroy, kProjection);
