// A table's writes as arrays, one for each column, in the order of the write functions' parameters.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

void add_upserts(Params& params, const Table& table, const std::vector<Row>& rows);
void add_patches(Params& params, const Table& table, const std::vector<worker::TableWrites::Patch>& patches);
void add_removes(Params& params, const Table& table, const std::vector<std::vector<Value>>& keys);
// A column that is not given takes part as its neutral element: 0 to add, null for least and greatest; newest
// columns belong together, one that is not given is null as of that position.
void add_merges(Params& params, const Table& table, const std::vector<worker::TableWrites::Merge>& merges);

}  // namespace lantern::postgres
