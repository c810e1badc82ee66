// A library whose static constructor ends the process that loads it.
#include <csignal>
#include <cstdlib>

#include "tests/zoo/zoo.hpp"

namespace {

struct Constructed {
    Constructed() {
#if defined(ZOO_EXITS)
        std::exit(3);
#else
        std::signal(SIGSEGV, SIG_DFL);  // a sanitizer has its own
        std::raise(SIGSEGV);
#endif
    }
} const constructed;

}  // namespace

static lantern_str describe() {
    return zoo::text(R"({"name": "bad_constructor", "version": "1", "kind": "projection", "events": {"SEEN": 1}})");
}

const lantern_plugin_v1 lantern_plugin =
    zoo::projection(describe, zoo::create_nothing, zoo::destroy_nothing, zoo::kAppliesNothing);
