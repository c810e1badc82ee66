#include "host/apps/host/coroner.hpp"

#include <algorithm>

#include "host/apps/host/host.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/supervise/blame.hpp"

namespace lantern::apps {
namespace {

constexpr std::size_t kReportsMax = 1000;  // kept while the store is away
constexpr std::size_t kBuildShown = 12;    // of its hash

telemetry::Fields fields_of(const supervise::Crash& crash) {
    telemetry::Fields fields;
    if (supervise::runs_aggregates(crash.role)) {
        fields = {{"aggregate", crash.subject}, {"command", crash.command}};
    } else {
        fields = {{"handler", crash.subject}};
        if (crash.event)
            fields.insert(fields.end(), {{"event", crash.event->text()},
                                         {"stream_id", crash.stream.value},
                                         {"revision", crash.revision.value}});
    }
    fields.insert(
        fields.end(),
        {{"build", crash.build.substr(0, kBuildShown)}, {"cause", crash.cause}, {"backtrace", crash.backtrace}});
    return fields;
}

std::string minutes() {
    return std::to_string(std::chrono::minutes(limits::kCrashesWithin).count()) + " minutes";
}

}  // namespace

Coroner::Coroner(std::string postgres_url, std::filesystem::path copies, const telemetry::Log& log)
    : postgres_url_(std::move(postgres_url)), copies_(std::move(copies)), log_(log) {}

postgres::CrashBook& Coroner::book() {
    if (!book_) book_.emplace(postgres_url_);
    return *book_;
}

void Coroner::examine(const supervise::Death& death) {
    const auto crash = supervise::blame(death);
    if (!crash || crash->subject.empty()) return;
    log_.error("a plugin is to blame for a death", fields_of(*crash));
    if (reports_.size() < kReportsMax) reports_.push_back({*crash, death.pid});
    try {
        // Before its successor starts: that one asks what is known.
        record();
    } catch (const Fault& fault) {
        log_.warn("a crash is not recorded yet", {{"for", fault.what()}});
    }
}

void Coroner::record() {
    while (!reports_.empty()) {
        const auto& [crash, pid] = reports_.front();
        judge(crash, book().record(crash, host_name(), pid));
        reports_.pop_front();
    }
}

void Coroner::judge(const supervise::Crash& crash, const postgres::CrashCounts& counts) {
    if (supervise::runs_aggregates(crash.role)) {
        if (counts.same >= limits::kCrashesMax)
            log_.error("the command is blocked: it answers 503 until its plugin is replaced",
                       {{"aggregate", crash.subject}, {"command", crash.command}, {"crashes", counts.same}});
        return;
    }
    if (counts.events < limits::kCrashedEventsMax && counts.loose < limits::kLooseCrashesMax) return;
    const std::string why = counts.events >= limits::kCrashedEventsMax
                                ? std::to_string(counts.events) + " different events killed it within " + minutes()
                                : "it died " + std::to_string(counts.loose) + " times within " + minutes();
    const std::string text = why + ", last: " + crash.cause;
    if (!book().quarantine_build(HandlerName{crash.subject}, crash.build, text)) return;
    log_.error("the build is quarantined",
               {{"handler", crash.subject}, {"build", crash.build.substr(0, kBuildShown)}, {"why", text}});
}

bool Coroner::tend() {
    try {
        record();
        blocked_ = book().blocked();
        auto builds = book().builds();
        const auto quarantined = [](const std::vector<supervise::KnownBuild>& of) {
            std::vector<std::string> names;
            for (const auto& build : of)
                if (build.quarantined) names.push_back(build.handler.value + "/" + build.build);
            std::sort(names.begin(), names.end());
            return names;
        };
        const bool changed = quarantined(builds) != quarantined(builds_);
        builds_ = std::move(builds);
        return changed;
    } catch (const Fault&) {
        return false;  // whoever needs the store says what ails it
    }
}

supervise::BuildChoice Coroner::build_to_run(const HandlerName& handler, const Description& installed) {
    std::vector<supervise::KnownBuild> known;
    for (auto& build : book().builds())
        if (build.handler == handler) known.push_back(std::move(build));
    return supervise::build_to_run(installed, known, [&](const std::string& build) {
        return std::filesystem::exists(copies_ / (build + ".so"));
    });
}

void Coroner::starts(const HandlerName& handler, const Description& plugin) {
    book().starts(handler, plugin);
}

void Coroner::quarantine(const HandlerName& handler, const Description& installed, const std::string& why) {
    const std::string text = "build " + installed.build.substr(0, kBuildShown) + " of plugin " + installed.name +
                             " " + installed.version + ": " + why +
                             ". Put a fixed build into the plugin directory, or let " +
                             "it run again: lantern resume " + handler.value;
    book().quarantine(handler, text);
    log_.error("the handler stands quarantined", {{"handler", handler.value}, {"why", text}});
}

}  // namespace lantern::apps
