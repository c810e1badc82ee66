#include "host/apps/backfill/job_wait.hpp"

namespace lantern::apps {

std::optional<JobWait> waits_for(const postgres::Job& job) {
    if (!job.running() || job.worked_on || job.hosts_able > 0) return std::nullopt;
    const std::string follow = "`lantern jobs follow " + std::to_string(job.id) + " --processes 2`";
    if (job.hosts == 0) return JobWait{"no running host works on jobs", "start one, or " + follow};
    return JobWait{"no running host has " + build_of(job),
                   "put the build into a host's plugin directory, or, on a machine that has it, " + follow};
}

std::string build_of(const postgres::Job& job) {
    return "build " + job.plugin_build.substr(0, 12) + " of plugin " + job.plugin;
}

}  // namespace lantern::apps
