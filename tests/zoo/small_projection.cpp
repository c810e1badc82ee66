// A projection with one table, and one thing that may be wrong with it.
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "tests/zoo/zoo.hpp"

#ifndef ZOO_MAJOR
#define ZOO_MAJOR LANTERN_ABI_MAJOR
#endif
#ifndef ZOO_MINOR
#define ZOO_MINOR LANTERN_ABI_MINOR
#endif
#ifndef ZOO_SIZE
#define ZOO_SIZE sizeof(lantern_plugin_v1)
#endif
#ifndef ZOO_OWNERSHIP
#define ZOO_OWNERSHIP "owned"
#endif
#ifndef ZOO_COLUMN
#define ZOO_COLUMN "note"
#endif
#ifndef ZOO_SCHEMA_VERSION
#define ZOO_SCHEMA_VERSION "1"
#endif
#ifdef ZOO_MORE
#define ZOO_VERSION "2"
#else
#define ZOO_VERSION "1"
#endif

static lantern_str describe() {
    return zoo::text(R"({"name": ")" ZOO_NAME R"(", "version": ")" ZOO_VERSION R"(", "kind": "projection",
        "events": {"SEEN": 1}, "schema_version": )" ZOO_SCHEMA_VERSION R"(,
        "tables": [{"name": "things", "ownership": ")" ZOO_OWNERSHIP R"(", "key": ["id"],
            "columns": [{"name": "id", "type": "text"}, {"name": ")" ZOO_COLUMN R"(", "type": "text"}]}]})");
}

#ifdef ZOO_DIES_IN_WORKERS
// In the probe's child it is made, in a process that a host started it is not.
static int32_t create(const lantern_host*, lantern_str, void** object, const lantern_sink*) {
    if (std::getenv("LANTERN_READY")) _exit(3);
    *object = nullptr;
    return 0;
}
#else
constexpr auto create = zoo::create_nothing;
#endif

#ifdef ZOO_BEFORE_CHECK
// As a plugin built for contract 1.2 has it: what lies behind its size is none of the host's.
static int32_t check(void*, const lantern_owned_rows*, const lantern_findings*, const lantern_sink*) {
    std::abort();
}
static constexpr lantern_projection kFunctions = {offsetof(lantern_projection, check), nullptr, zoo::apply_nothing,
                                                  check};
#else
static constexpr lantern_projection kFunctions = zoo::kAppliesNothing;
#endif

static constexpr lantern_plugin_v1 with_numbers() {
    auto made = zoo::projection(describe, create, zoo::destroy_nothing, kFunctions);
    made.size = ZOO_SIZE;
    made.abi_major = ZOO_MAJOR;
    made.abi_minor = ZOO_MINOR;
    return made;
}

const lantern_plugin_v1 lantern_plugin = with_numbers();
