// A side effect that tells what it was told, as the reason of its outcome. Its settings must hold "to".
#include <string>

#include "tests/zoo/zoo.hpp"

namespace {

struct Object {
    std::string to;
    std::string reason;
};

lantern_str describe() {
    return zoo::text(R"({"name": "good_side_effect", "version": "1", "kind": "side_effect", "events": {"SEEN": 1},
        "settings": {"type": "object", "required": ["to"], "properties": {"to": {"type": "string"}}},
        "replayable": true})");
}

int32_t create(const lantern_host*, lantern_str settings, void** object, const lantern_sink* error) {
    const auto text = zoo::view(settings);
    if (text.find("\"to\"") == std::string_view::npos) {
        error->write(error->context, zoo::text("nobody to send to"));
        return 1;
    }
    *object = new Object{std::string(text), {}};
    return 0;
}

void destroy(void* object) {
    delete static_cast<Object*>(object);
}

void act(void* self, const lantern_event*, const lantern_attempt* attempt, lantern_outcome* outcome) {
    auto& object = *static_cast<Object*>(self);
    object.reason = std::string(zoo::view(attempt->handler)) + " attempt " + std::to_string(attempt->number) +
                    " key " + std::string(zoo::view(attempt->idempotency_key)) + " settings " + object.to;
    outcome->kind = LANTERN_SKIPPED;
    outcome->reason = zoo::text(object.reason);
}

constexpr lantern_side_effect kSideEffect = {sizeof(lantern_side_effect), act};

}  // namespace

const lantern_plugin_v1 lantern_plugin = zoo::side_effect(describe, create, destroy, kSideEffect);
