// lantern backfill HANDLER of a side effect: it has no tables, and does not run in a backfill. What a run would
// have done is suppressed in the ledger, listed, or, for a scope and by an operator's word, done by the handler's
// workers.
#pragma once

#include <optional>
#include <string>

#include "host/apps/backfill/replay.hpp"
#include "host/apps/verbs.hpp"

namespace lantern::apps {

struct EffectWords {
    std::string confirmed, reason, format = "table";
    std::string of_rebuild;  // options that only a rebuild obeys
    std::int64_t run = 0;
    bool list = false, new_keys = false, stop = false, detach = false;

    bool any() const { return list || new_keys || stop || run > 0 || !confirmed.empty(); }
};

// All but `detach` and `of_rebuild`, which are given to every backfill.
void add_effect_options(CLI::App& verb, EffectWords& words);

// Nothing: the handler is a projection, and was asked for nothing of this. Else the exit code.
std::optional<int> backfill_effects(const Instance& at, const HandlerName& handler, const EffectWords& words,
                                    const ReplayWords& scope);

}  // namespace lantern::apps
