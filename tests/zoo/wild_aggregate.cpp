// An aggregate that one may poke, and that ends the process of whoever kicks it.
#include "tests/zoo/zoo.hpp"

namespace {

int state = 0;  // of all: it has none

lantern_str describe() {
    return zoo::text(R"({"name": "wild_aggregate", "version": "1", "kind": "aggregate", "events": {"POKED": 1},
        "aggregate_type": "beast", "state_version": 1, "commands": ["poke", "kick"]})");
}

void* state_new() {
    return &state;
}
void state_free(void*) {}

int32_t evolve(void*, const lantern_event*, const lantern_sink*) {
    return 0;
}

__attribute__((noinline)) void bite(volatile int* nothing) {
    *nothing = 1;
}

int32_t decide(const void*, const lantern_command* command, const lantern_decision* decision, const lantern_sink*) {
    if (zoo::view(command->name) == "kick") bite(nullptr);
    decision->emit(decision->context, zoo::text("POKED"), 1, zoo::text("{}"));
    return 0;
}

int32_t unique_keys(const void*, const lantern_unique_keys*, const lantern_sink*) {
    return 0;
}

int32_t state_save(const void*, const lantern_sink* json) {
    json->write(json->context, zoo::text("{}"));
    return 0;
}

int32_t state_load(void*, lantern_str) {
    return 0;
}

constexpr lantern_aggregate kAggregate = {sizeof(lantern_aggregate),
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

const lantern_plugin_v1 lantern_plugin = zoo::aggregate(describe, kAggregate);
