// The parameters of lantern_enter (flush_functions.hpp), shared by the read model and the ledger.
#pragma once

#include <optional>

#include "host/postgres/connection.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

void add_entry(Params& params, const worker::Entry& entry, std::span<const worker::StreamUpdate> streams,
               std::span<const worker::FailedAttempt> attempts, const std::string& plugin_build);

// What a refusal of lantern_enter means; nothing: another error.
std::optional<worker::Flushed> flushed_of(const Fault& fault);

}  // namespace lantern::postgres
