#include "host/postgres/tables/entry_parameters.hpp"

#include "host/postgres/array_literal.hpp"

namespace lantern::postgres {
namespace {

using worker::FailedAttempt;
using worker::StreamRow;
using worker::StreamState;
using worker::StreamUpdate;

// A row that the handler does not have yet.
bool is_missing(const StreamRow& row) {
    return row.revision.value == 0 && row.state == StreamState::live && row.seen.value == 0 && !row.next_attempt_at;
}

void add_due(ArrayLiteral& times, const StreamRow& row) {
    if (row.next_attempt_at) {
        times.add(*row.next_attempt_at);
    } else {
        times.add_null();
    }
}

// One array for each column of lantern_streams.
struct StreamColumns {
    ArrayLiteral stream, revision, state, seen, attempts, next, error;

    explicit StreamColumns(std::size_t rows) {
        stream.reserve(rows * 12);
        revision.reserve(rows * 8);
        for (auto* small : {&state, &seen, &attempts}) small->reserve(rows * 4);
        next.reserve(rows * 6);
        error.reserve(rows * 4);
    }
    void add(const StreamRow& row) {
        stream.add(row.stream.value);
        revision.add(row.revision.value);
        state.add(static_cast<std::int64_t>(row.state));
        seen.add(row.seen.value);
        attempts.add(std::int64_t{row.attempts});
        add_due(next, row);
        error.add(std::string_view(row.last_error));
    }
    void finish_state(Params& params) && {  // all but the stream
        params.add(std::move(revision).take()).add(std::move(state).take()).add(std::move(seen).take());
        params.add(std::move(attempts).take()).add(std::move(next).take()).add(std::move(error).take());
    }
};

}  // namespace

void add_entry(Params& params, const worker::Entry& entry, std::span<const StreamUpdate> streams,
               std::span<const FailedAttempt> attempts, const std::string& plugin_build) {
    params.add(entry.generation.value);
    params.add(array_of(entry.leases, [](const auto& lease) { return std::int64_t{lease.first.value}; }));
    params.add(array_of(entry.leases, [](const auto& lease) { return lease.second.value; }));

    StreamColumns updated(streams.size()), inserted(streams.size());
    ArrayLiteral was_revision, was_state, was_seen, was_next;
    for (const auto& [before, after] : streams) {
        if (is_missing(before)) {
            inserted.add(after);
            continue;
        }
        updated.add(after);
        was_revision.add(before.revision.value);
        was_state.add(static_cast<std::int64_t>(before.state));
        was_seen.add(before.seen.value);
        add_due(was_next, before);
    }
    params.add(std::move(updated.stream).take());
    params.add(std::move(was_revision).take()).add(std::move(was_state).take()).add(std::move(was_seen).take());
    params.add(std::move(was_next).take());
    std::move(updated).finish_state(params);
    params.add(std::move(inserted.stream).take());
    std::move(inserted).finish_state(params);

    params.add(array_of(attempts, [](const FailedAttempt& failed) { return failed.stream.value; }));
    params.add(array_of(attempts, [](const FailedAttempt& failed) { return failed.revision.value; }));
    params.add(array_of(attempts, [](const FailedAttempt& failed) { return failed.event; }));
    params.add(array_of(attempts, [](const FailedAttempt& failed) { return std::int64_t{failed.attempt}; }));
    params.add(array_of(attempts, [](const FailedAttempt& failed) { return std::string_view(failed.outcome); }));
    params.add(array_of(attempts, [](const FailedAttempt& failed) { return std::string_view(failed.error); }));
    params.add(plugin_build);
}

std::optional<worker::Flushed> flushed_of(const Fault& fault) {
    if (fault.code() == "LN010") return worker::Flushed::conflict;
    if (fault.code() == "LN011") return worker::Flushed::fenced;
    if (fault.code() == "LN012") return worker::Flushed::regenerated;
    return std::nullopt;
}

}  // namespace lantern::postgres
