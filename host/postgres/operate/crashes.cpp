#include "host/postgres/operate/crashes.hpp"

#include "host/core/limits.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kRecord = statement("crash_record");
const Statement kSuspicion = statement("crash_suspicion");
const Statement kBlocked = statement("crash_blocked");
const Statement kStarts = statement("build_starts");
const Statement kBuilds = statement("builds");
const Statement kQuarantineBuild = statement("build_quarantine");
const Statement kQuarantineHandler = statement("handler_quarantine");

constexpr std::int64_t kWithinMs = std::chrono::duration_cast<Milliseconds>(limits::kCrashesWithin).count();

}  // namespace

CrashBook::CrashBook(const std::string& url)
    : connection_({.url = url, .application_name = "lantern crashes", .plans = Plans::estimated}) {}

CrashCounts CrashBook::record(const supervise::Crash& crash, const std::string& host, int pid) {
    connection_.ensure();
    Params params;
    params.add(supervise::runs_aggregates(crash.role) ? "api" : "worker")
        .add(crash.subject)
        .add(crash.build)
        .add(crash.event);
    params.add(crash.stream.value).add(crash.revision.value).add(crash.position.value).add(crash.attempt);
    params.add(crash.command).add(crash.cause).add(crash.backtrace).add(host).add(pid).add(kWithinMs);
    const auto rows = connection_.exec(kRecord, params, Commits::here);
    return {static_cast<int>(rows.integer(0, 0)), static_cast<int>(rows.integer(0, 1)),
            static_cast<int>(rows.integer(0, 2))};
}

std::vector<BlockedCommand> CrashBook::blocked() {
    connection_.ensure();
    const auto rows = connection_.exec(kBlocked, Params{}.add(limits::kCrashesMax));
    std::vector<BlockedCommand> found;
    for (std::size_t row = 0; row < rows.size(); ++row)
        found.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.text(row, 3)});
    return found;
}

void CrashBook::starts(const HandlerName& handler, const Description& plugin) {
    connection_.ensure();
    Params params;
    params.add(handler.value).add(plugin.build).add(plugin.name).add(plugin.version).add(plugin.schema_version);
    connection_.exec(kStarts, params.add(plugin.declaration_hash), Commits::here);
}

std::vector<supervise::KnownBuild> CrashBook::builds() {
    connection_.ensure();
    const auto rows = connection_.exec(kBuilds);
    std::vector<supervise::KnownBuild> found;
    for (std::size_t row = 0; row < rows.size(); ++row)
        found.push_back({HandlerName{rows.text(row, 0)}, rows.text(row, 1), rows.text(row, 2), rows.text(row, 3),
                         static_cast<int>(rows.integer(row, 4)), rows.text(row, 5), rows.boolean(row, 6),
                         rows.text(row, 7)});
    return found;
}

bool CrashBook::quarantine_build(const HandlerName& handler, const std::string& build, const std::string& why) {
    connection_.ensure();
    return connection_.exec(kQuarantineBuild, Params{}.add(handler.value).add(build).add(why), Commits::here)
        .boolean(0, 0);
}

void CrashBook::quarantine(const HandlerName& handler, const std::string& why) {
    connection_.ensure();
    connection_.exec(kQuarantineHandler, Params{}.add(handler.value).add(why), Commits::here);
}

worker::Suspicion Crashes::suspicion() {
    const auto rows = connection_.exec(kSuspicion, Params{}.add(handler_.value).add(plugin_build_).add(kWithinMs));
    worker::Suspicion suspicion;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows.null(row, 0)) {
            suspicion.all = Milliseconds{rows.integer(row, 4)};
            continue;
        }
        suspicion.events.push_back(
            {rows.uuid(row, 0), static_cast<int>(rows.integer(row, 1)), rows.text(row, 2), rows.text(row, 3)});
    }
    return suspicion;
}

}  // namespace lantern::postgres
