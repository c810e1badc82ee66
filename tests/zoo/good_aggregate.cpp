// An aggregate that counts its events; its commands do what their names say.
#include <charconv>
#include <cstddef>
#include <string>

#include "tests/zoo/zoo.hpp"

namespace {

struct State {
    long count = 0;
};

lantern_str describe() {
    return zoo::text(R"({"name": "good_aggregate", "version": "1", "kind": "aggregate", "events": {"COUNTED": 1},
        "aggregate_type": "counter", "state_version": 4,
        "commands": ["count", "reject", "ask", "fail", "emit_unknown", "emit_newer", "emit_text"],
        "secret_state": ["count"]})");
}

void* state_new() {
    return new State;
}
void state_free(void* state) {
    delete static_cast<State*>(state);
}

void say(const lantern_sink* to, std::string_view text) {
    to->write(to->context, zoo::text(text));
}

int32_t evolve(void* state, const lantern_event* event, const lantern_sink* error) {
    if (zoo::view(event->type) != "COUNTED") {
        say(error, "cannot count this");
        return 1;
    }
    ++static_cast<State*>(state)->count;
    return 0;
}

int32_t decide(const void* state, const lantern_command* command, const lantern_decision* decision,
               const lantern_sink* error) {
    const auto name = zoo::view(command->name);
    const auto emit = [&](std::string_view type, int64_t version, std::string_view data) {
        decision->emit(decision->context, zoo::text(type), version, zoo::text(data));
    };
    if (name == "count") {
        emit("COUNTED", 1, "{\"before\": " + std::to_string(static_cast<const State*>(state)->count) + "}");
    } else if (name == "reject") {
        decision->reject(decision->context, LANTERN_CONFLICT, zoo::text("taken"), zoo::text("name"),
                         zoo::text("it is taken"));
        decision->reject(decision->context, LANTERN_INVALID, zoo::text("short"), zoo::text("name"),
                         zoo::text("it is short"));
    } else if (name == "ask") {
        decision->ask(decision->context, zoo::text("hash"), zoo::text("password.hash"),
                      zoo::text("{\"password\": \"x\"}"));
    } else if (name == "emit_unknown") {
        emit("VANISHED", 1, "{}");
    } else if (name == "emit_newer") {
        emit("COUNTED", 2, "{}");
    } else if (name == "emit_text") {
        emit("COUNTED", 1, "hello");
    } else {
        say(error, "no such command");
        return 1;
    }
    return 0;
}

int32_t unique_keys(const void* state, const lantern_unique_keys* keys, const lantern_sink*) {
    const auto hold = [&](std::string_view scope, std::string_view key) {
        keys->hold(keys->context, zoo::text(scope), zoo::text(key));
    };
    hold("z", "2");
    hold("a", std::to_string(static_cast<const State*>(state)->count));
    return 0;
}

int32_t state_save(const void* state, const lantern_sink* json) {
    say(json, "{\"count\": " + std::to_string(static_cast<const State*>(state)->count));
    say(json, "}");
    return 0;
}

int32_t state_load(void* state, lantern_str json) {
    const auto text = zoo::view(json);
    const auto at = text.find(": ");
    if (at == std::string_view::npos) return 1;
    std::from_chars(text.data() + at + 2, text.data() + text.size(), static_cast<State*>(state)->count);
    return 0;
}

// As a plugin built for contract 1.0 has it: without what came later.
constexpr lantern_aggregate kAggregate = {offsetof(lantern_aggregate, lookup_key),
                                          state_new,
                                          state_free,
                                          evolve,
                                          decide,
                                          unique_keys,
                                          state_save,
                                          state_load,
                                          nullptr,
                                          nullptr};

}  // namespace

const lantern_plugin_v1 lantern_plugin = {sizeof(lantern_plugin_v1),
                                          LANTERN_ABI_MAJOR,
                                          0,
                                          LANTERN_KIND_AGGREGATE,
                                          0,
                                          describe,
                                          nullptr,
                                          nullptr,
                                          &kAggregate,
                                          nullptr,
                                          nullptr,
                                          nullptr};
