// A projection with one table, and one thing that may be wrong with it.
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
#ifdef ZOO_MORE
#define ZOO_VERSION "2"
#else
#define ZOO_VERSION "1"
#endif

static lantern_str describe() {
    return zoo::text(R"({"name": ")" ZOO_NAME R"(", "version": ")" ZOO_VERSION R"(", "kind": "projection",
        "events": {"SEEN": 1}, "schema_version": 1,
        "tables": [{"name": "things", "ownership": ")" ZOO_OWNERSHIP R"(", "key": ["id"],
            "columns": [{"name": "id", "type": "text"}, {"name": ")" ZOO_COLUMN R"(", "type": "text"}]}]})");
}

const lantern_plugin_v1 lantern_plugin = {ZOO_SIZE,
                                          ZOO_MAJOR,
                                          ZOO_MINOR,
                                          LANTERN_KIND_PROJECTION,
                                          0,
                                          describe,
                                          zoo::create_nothing,
                                          zoo::destroy_nothing,
                                          nullptr,
                                          nullptr,
                                          &zoo::kAppliesNothing,
                                          nullptr};
