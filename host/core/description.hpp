// What a plugin says of itself, parsed and checked (host/plugin_loading/description_parser.cpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/core/tables.hpp"

namespace lantern {

enum class PluginKind { aggregate, schema, projection, side_effect };

struct Upcast {
    std::string type;
    int from = 1;  // data of this version -> version from + 1
    bool operator==(const Upcast&) const = default;
};

struct Description {
    std::string name;
    std::string version;
    PluginKind kind = PluginKind::projection;
    std::map<std::string, int> events;   // type -> highest schema version understood
    std::string settings_schema = "{}";  // JSON Schema text

    // aggregate
    std::string aggregate_type;
    int state_version = 1;
    std::vector<std::string> commands;
    std::vector<std::string> secret_state;  // fields of the saved state that are never shown

    // schema
    std::vector<Upcast> upcasts;

    // projection
    int schema_version = 1;
    std::vector<Table> tables;
    std::string declaration;       // canonical JSON of the tables
    std::string declaration_hash;  // hex; other tables under the same schema version are refused

    // side effect
    bool replayable = false;

    // the file it came from
    std::string file;   // path as found in the plugin directory
    std::string build;  // hash of the file, hex
};

}  // namespace lantern
