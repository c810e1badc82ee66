// What Lantern generates for a handler from its declared tables: a schema named like the handler, with
//   lantern_streams   one row for each stream: checkpoint and parking place
//   <table> ...       the declared tables
//   lantern_enter     barrier, generation, epochs; then the stream rows by compare-and-set, and failed attempts
//   lantern_put_N, lantern_patch_N, lantern_remove_N     writes of the owned table N
//   lantern_merge_N                                      writes of the shared table N
// The functions name nothing of the schema with its schema: a session's search_path is the handler's schema, so
// that a schema built beside it can take its name.
// Errors: LN010 a stream row was not as believed; LN011 a lease is no longer the worker's; LN012 the generation is
// another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/handler.hpp"
#include "host/core/tables.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct HandlerSchema {
    HandlerName handler;
    std::int32_t handler_id = 0;  // lantern.handlers.handler_id: keys the barrier
    std::vector<Table> tables;
    std::string beside{};  // name of a schema built beside the handler's own; empty: its own

    const std::string& name() const { return beside.empty() ? handler.value : beside; }
};

// Why these tables can't be generated, or nothing.
std::optional<std::string> refusal_of(const HandlerSchema& schema);

// The DDL of the tables and of the functions, to be run with the search_path set to the new schema.
std::string tables_ddl(const HandlerSchema& schema);
std::string functions_ddl(const HandlerSchema& schema);

// Makes the schema with everything in it when it is missing, and makes the functions anew when this build generates
// others. Inside the caller's transaction, which holds the handler's row.
void create_handler_schema(Connection& connection, const HandlerSchema& schema);

}  // namespace lantern::postgres
