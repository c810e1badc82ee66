// Why nobody works on a job. A host works on one only with the build that the job folds with, and hosts say in
// their rows which builds they have.
#pragma once

#include <optional>
#include <string>

#include "host/postgres/backfill/jobs.hpp"

namespace lantern::apps {

struct JobWait {
    std::string why, remedy;
    std::string text() const { return why + "; the job waits for one: " + remedy; }
};

// Nothing: it does not run, somebody works on it, or a host that can is there.
std::optional<JobWait> waits_for(const postgres::Job& job);

// "build 0123456789ab of plugin user_read_model"
std::string build_of(const postgres::Job& job);

}  // namespace lantern::apps
