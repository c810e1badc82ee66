// What a job was asked for; JSON in its row.
#pragma once

#include <string>

#include "host/backfill/conductor.hpp"

namespace lantern::apps {

struct JobRequest {
    backfill::SwapWhen when = backfill::SwapWhen::ready;
    bool move_dependents = false;
    Milliseconds keep{0};     // the model that the swap replaces; 0: for good
    std::int64_t sample = 0;  // so many streams, chosen by chance, and no others; 0: all

    std::string json() const;
    static JobRequest parse(const std::string& json);
};

}  // namespace lantern::apps
