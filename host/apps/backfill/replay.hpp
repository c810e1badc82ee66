// lantern backfill HANDLER --stream ... and the like: chosen streams refolded whole, in the live tables.
#pragma once

#include <string>

#include "host/apps/backfill/backfill_site.hpp"

namespace lantern::apps {

struct ReplayWords {
    std::string stream, aggregate, type, from, to;
    bool dry_run = false;

    bool any() const { return !(stream + aggregate + type + from + to).empty(); }
};

// Fault of kind configuration when it cannot be, naming what can. Returns the exit code.
int replay(const Folding& folding, const ReplayWords& words);

}  // namespace lantern::apps
