// lantern backfill HANDLER --stream ... and the like: chosen streams refolded whole, in the live tables.
#pragma once

#include <string>

#include "host/apps/backfill/backfill_site.hpp"
#include "host/postgres/backfill/refold.hpp"

namespace lantern::apps {

struct ReplayWords {
    std::string stream, aggregate, type, from, to;
    bool dry_run = false;

    bool any() const { return !(stream + aggregate + type + from + to).empty(); }
    std::string text() const;  // as it was typed
};

// Fault of kind configuration: what of the words can't be read.
postgres::StreamSelection selection_of(const HandlerName& handler, const ReplayWords& words);

// Fault of kind configuration when it cannot be, naming what can. Returns the exit code.
int replay(const Folding& folding, const ReplayWords& words);

}  // namespace lantern::apps
