#include "host/apps/host/rebuilds.hpp"

#include <algorithm>

#include "host/apps/backfill/job_request.hpp"
#include "host/core/limits.hpp"
#include "host/postgres/backfill/beside.hpp"
#include "host/postgres/backfill/swap.hpp"

namespace lantern::apps {

Rebuilds::Rebuilds(const std::string& postgres_url, std::string host, Milliseconds keep, const telemetry::Log& log)
    : postgres_url_(postgres_url), host_(std::move(host)), keep_(keep), log_(log), jobs_(postgres_url) {}

bool Rebuilds::look() {
    const auto numbers = [&] {
        std::vector<std::int64_t> found;
        for (const auto& job : open_) found.push_back(job.id);
        return found;
    };
    const auto before = numbers();
    open_ = jobs_.open();
    drop_expired();
    return numbers() != before;
}

std::map<std::int64_t, std::string> Rebuilds::jobs(
    const std::function<bool(const std::string& build)>& here) const {
    std::map<std::int64_t, std::string> found;
    for (const auto& job : open_)
        if (job.plugin_build.empty() || here(job.plugin_build)) found[job.id] = job.handler.value;
    return found;
}

std::vector<std::string> Rebuilds::builds(const std::function<bool(const std::string& build)>& here) {
    auto found = jobs_.builds();
    std::erase_if(found, [&](const std::string& build) { return !here(build); });
    return found;
}

std::string Rebuilds::rebuild_for(const HandlerName& handler, const Description& installed) {
    const std::string build = installed.name + " " + installed.version + " (schema version " +
                              std::to_string(installed.schema_version) + ")";
    const auto known = jobs_.of_build(handler, installed.build);
    if (!known) {
        JobRequest request;
        request.keep = keep_;
        const auto job = jobs_.start({handler, "rebuild", request.json(), "host " + host_, 0, installed.build});
        if (!job)
            return build + " needs a rebuild, which waits for job " + std::to_string(job.error()) +
                   " of this handler; `lantern jobs follow " + std::to_string(job.error()) + "` shows it";
        log_.info("rebuilds for a higher schema version",
                  {{"handler", handler.value}, {"plugin", build}, {"job", job.value()}});
        open_ = jobs_.open();
        return {};
    }
    if (!known->ended()) return {};
    const std::string number = std::to_string(known->id), again = "`lantern backfill " + handler.value + "` ";
    if (known->state == "failed")
        return build + " does not take over, its rebuild, job " + number + ", failed: " + known->reason +
               ". Put a mended build into the plugin directory, or `lantern jobs resume " + number +
               "` tries again";
    if (known->state == "cancelled")
        return build + " does not take over, its rebuild, job " + number + ", was cancelled; " + again +
               "begins another";
    return build + " was rolled back; " + again + "brings it again";
}

void Rebuilds::drop_expired() {
    const auto now = std::chrono::steady_clock::now();
    if (dropped_at_ != std::chrono::steady_clock::time_point{} && now - dropped_at_ < limits::kPruneEvery) return;
    dropped_at_ = now;
    postgres::Connection connection(postgres::session_of_backfill(postgres_url_));
    for (const auto& name : postgres::drop_expired(connection))
        log_.info("dropped a model that a swap had replaced, its time was over", {{"schema", name}});
}

}  // namespace lantern::apps
