// A projection whose create does what create must not.
#include <unistd.h>

#include <stdexcept>

#include "tests/zoo/zoo.hpp"

static lantern_str describe() {
    return zoo::text(R"({"name": ")" ZOO_NAME R"(", "version": "1", "kind": "projection", "events": {"SEEN": 1}})");
}

static int32_t create(const lantern_host*, lantern_str, void**, const lantern_sink* error) {
#if defined(ZOO_THROWS)
    throw std::runtime_error("no configuration for me");
#elif defined(ZOO_HANGS)
    for (;;) ::pause();
#endif
    error->write(error->context, zoo::text("the moon is "));
    error->write(error->context, zoo::text("not full"));
    return 1;
}

const lantern_plugin_v1 lantern_plugin =
    zoo::projection(describe, create, zoo::destroy_nothing, zoo::kAppliesNothing);
