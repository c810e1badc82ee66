#include "host/postgres/delivery/ledger.hpp"

#include <array>
#include <string_view>

#include "host/core/assert.hpp"
#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/tables/entry_parameters.hpp"
#include "host/postgres/tables/flush_functions.hpp"

namespace lantern::postgres {
namespace {

using worker::Effect;
using worker::EffectState;

const Statement kFind = statement("find_effect");
const Statement kAsked = statement("asked_effects");

constexpr std::array<std::string_view, 7> kStates = {"pending", "done",       "skipped", "failed",
                                                     "held",    "suppressed", "asked"};

EffectState state_of(std::string_view name) {
    for (std::size_t at = 0; at < kStates.size(); ++at)
        if (kStates[at] == name) return static_cast<EffectState>(at);
    LANTERN_ASSERT(false, "the table allows these states only");
}

// Parameters of lantern.record_effect; a null event records nothing.
constexpr std::array<const char*, 11> kEffectTypes = {"text",   "uuid",    "bigint", "bigint", "uuid",       "text",
                                                      "bigint", "integer", "text",   "bigint", "timestamptz"};

std::string effect_call(std::size_t& first) {
    std::string sql = "lantern.record_effect(";
    for (std::size_t at = 0; at < kEffectTypes.size(); ++at)
        sql += (at ? ", $" : "$") + std::to_string(first++) + "::" + kEffectTypes[at];
    return sql + ")";
}

Statement step_statement(const HandlerName& handler) {
    std::size_t first = 1;
    std::string sql = "select " + enter_call(first);
    sql += ", " + effect_call(first);
    sql += ", " + effect_call(first);
    return {"effect_step_" + handler.value, sql};
}

void add_effect(Params& params, const HandlerName& handler, const std::optional<Effect>& effect) {
    params.add(handler.value);
    if (!effect) {
        for (std::size_t at = 1; at < kEffectTypes.size(); ++at) params.add_null();
        return;
    }
    params.add(effect->event).add(effect->stream.value).add(effect->revision.value).add(effect->key);
    params.add(kStates[static_cast<std::size_t>(effect->state)]);
    params.add(effect->epoch.value).add(effect->attempt).add(effect->note);
    params.add(effect->run).add(effect->next_attempt_at);
}

}  // namespace

Ledger::Ledger(Connection& connection, HandlerName handler, std::string plugin_build)
    : connection_(connection),
      handler_(std::move(handler)),
      plugin_build_(std::move(plugin_build)),
      step_(step_statement(handler_)) {}

std::optional<Effect> Ledger::find(EventId event) {
    const auto rows = connection_.exec(kFind, Params{}.add(handler_.value).add(event));
    if (rows.empty()) return std::nullopt;
    Effect effect;
    effect.event = event;
    effect.stream = StreamId{rows.integer(0, 0)};
    effect.revision = Revision{rows.integer(0, 1)};
    effect.key = rows.uuid(0, 2);
    effect.state = state_of(rows.view(0, 3));
    effect.epoch = Epoch{rows.integer(0, 4)};
    effect.attempt = static_cast<int>(rows.integer(0, 5));
    effect.note = rows.text(0, 6);
    return effect;
}

std::vector<worker::AskedEffect> Ledger::asked(std::span<const Partition> partitions, int partitions_total,
                                               Timestamp now, std::size_t limit) {
    Params params;
    params.add(handler_.value).add(partitions_total);
    params.add(array_of(partitions, [](const Partition& partition) { return std::int64_t{partition.value}; }));
    params.add(now).add(static_cast<std::int64_t>(limit));
    const auto rows = connection_.exec(kAsked, params);
    auto events = read_events(rows);
    std::vector<worker::AskedEffect> asked;
    asked.reserve(events.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Effect effect;
        effect.event = events[row].id;
        effect.stream = events[row].stream;
        effect.revision = events[row].revision;
        effect.run = rows.integer(row, 11);
        effect.key = rows.uuid(row, 12);
        effect.state = state_of(rows.view(row, 13));
        effect.epoch = Epoch{rows.integer(row, 14)};
        effect.attempt = static_cast<int>(rows.integer(row, 15));
        asked.push_back({std::move(events[row]), std::move(effect)});
    }
    return asked;
}

worker::Flushed Ledger::commit(const worker::EffectStep& step) {
    Params params;
    add_entry(params, step.entry, step.streams, step.attempts, plugin_build_);
    add_effect(params, handler_, step.finished);
    add_effect(params, handler_, step.next);
    try {
        connection_.exec(step_, params, Commits::here);
        return worker::Flushed::committed;
    } catch (const Fault& fault) {
        const auto refused = flushed_of(fault);
        if (!refused) throw;
        if (*refused == worker::Flushed::regenerated) connection_.forget_statements();
        return *refused;
    }
}

}  // namespace lantern::postgres
