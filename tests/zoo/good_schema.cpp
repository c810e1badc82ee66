// Upcasts UPSERT from 1 to 2: wraps the data. Data that holds "bad" cannot be upcast, "broken" is answered with
// text that is no JSON.
#include "tests/zoo/zoo.hpp"

namespace {

lantern_str describe() {
    return zoo::text(R"({"name": "good_schema", "version": "1", "kind": "schema",
        "upcasts": [{"type": "UPSERT", "from": 1}]})");
}

int32_t upcast(lantern_str, int64_t, lantern_str data, const lantern_sink* next, const lantern_sink* error) {
    if (zoo::view(data).find("bad") != std::string_view::npos) {
        error->write(error->context, zoo::text("nobody can read this"));
        return 1;
    }
    if (zoo::view(data).find("broken") != std::string_view::npos) {
        next->write(next->context, zoo::text("{"));
        return 0;
    }
    next->write(next->context, zoo::text("{\"was\": "));
    next->write(next->context, data);
    next->write(next->context, zoo::text("}"));
    return 0;
}

constexpr lantern_schema kSchema = {sizeof(lantern_schema), upcast};

}  // namespace

const lantern_plugin_v1 lantern_plugin = zoo::schema(describe, kSchema);
