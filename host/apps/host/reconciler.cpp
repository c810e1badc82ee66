#include "host/apps/host/reconciler.hpp"

#include <unistd.h>

#include <algorithm>

#include "host/apps/host/host.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/apps/routes/routing_check.hpp"
#include "host/core/fault.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::apps {
namespace {

std::vector<Description> descriptions_of(const plugin_loading::Directory& plugins) {
    std::vector<Description> descriptions;
    for (const auto& found : plugins.found())
        if (found.description) descriptions.push_back(*found.description);
    return descriptions;
}

// What tells one state of the directory from another.
std::vector<std::string> builds_of(const plugin_loading::Directory& plugins) {
    std::vector<std::string> builds;
    for (const auto& found : plugins.found())
        builds.push_back(found.file.string() + " " +
                         (found.description ? found.description->build : found.refusal));
    return builds;
}

std::vector<std::filesystem::path> watched(std::vector<std::filesystem::path> directories,
                                           const std::vector<std::filesystem::path>& more) {
    directories.insert(directories.end(), more.begin(), more.end());
    return directories;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

}  // namespace

Reconciler::Reconciler(const Instance& at, const Settings& settings, const Self& self, const telemetry::Log& log)
    : routing_file_(std::filesystem::absolute(settings.routing_file).lexically_normal()),
      log_(log),
      catalog_(settings.postgres_url),
      hosts_(settings.postgres_url),
      plugins_(settings.plugin_directory, probe_options(at)),
      served_(at, settings),
      watch_(watched(served_.directories(), {routing_file_.parent_path(), settings.plugin_directory})),
      builds_(settings.postgres_url, at.cache_directory(), log_),
      rebuilds_(settings.postgres_url, host_name(), settings.backfill.keep, log_) {
    note_.host = host_name();
    note_.routing_file = routing_file_.string();
    note_.run = self.run;
    for (const auto role : self.roles) note_.roles.emplace_back(supervise::role_name(role));
    note_.pid = getpid();
    if (const auto judged = hosts_.judged(note_.host, note_.routing_file)) note_.file_base = judged->file_base;
}

std::optional<Target> Reconciler::look() {
    const bool other_plugins = look_at_plugins();
    const bool other_file = look_at_file();
    const bool other_settings = look_at_settings();
    auto head = catalog_.routing();
    const bool other_head = head && head->number != note_.revision;
    to_judge_ = to_judge_ || other_plugins || other_file || other_head;
    const bool other_jobs = rebuilds_.look();
    to_follow_ = builds_.tend() || other_jobs || to_follow_ || other_plugins || other_head || other_settings;
    if (to_judge_) judge(head);
    to_judge_ = false;
    if (to_follow_ && head) follow(*head);
    to_follow_ = false;
    write_down();
    return std::exchange(next_, std::nullopt);
}

bool Reconciler::look_at_plugins() {
    const auto before = builds_of(plugins_);
    const auto now = std::chrono::steady_clock::now();
    plugins_.scan([&](const auto& file, const auto& signature) { return watch_.settled(file, signature, now); });
    of_plugins_.clear();
    for (const auto& found : plugins_.found())
        if (!found.description) of_plugins_.push_back({found.file.filename().string(), found.refusal});
    return builds_of(plugins_) != before;
}

bool Reconciler::look_at_file() {
    const auto signature = plugin_loading::signature_of(routing_file_);
    if (file_ && file_->signature == signature) return false;
    if (file_ && !watch_.settled(routing_file_, signature, std::chrono::steady_clock::now())) return false;
    auto read = settings::read_routing(routing_file_, settings::process_environment());
    file_ = read ? File{signature, std::move(read.value()), {}} : File{signature, std::nullopt, read.error()};
    return true;
}

bool Reconciler::look_at_settings() {
    const bool others = served_.look(watch_);
    of_served_.clear();
    if (!served_.problem().empty())
        of_served_.push_back({"settings", "the api goes on with those before: " + served_.problem()});
    return others;
}

// How the file stands to the routing in force; an edit of that is applied.
void Reconciler::judge(std::optional<postgres::RoutingRevision>& head) {
    using File = postgres::HostNote::File;
    of_file_.clear();
    note_.file_hash = file_->routing ? file_->routing->hash : "";
    if (!file_->routing) {
        refuse(file_->problems);
        if (!head) throw Fault(FaultKind::configuration, "routing", "\n" + settings::text(file_->problems));
        return;
    }
    if (!head || (head->hash != file_->routing->hash && note_.file_base == head->number)) edit(head);
    if (note_.file == File::refused && !of_file_.empty()) return;
    if (head->hash == file_->routing->hash) {
        note_.file = File::in_force;
        note_.file_base = head->number;
        return;
    }
    note_.file = File::differs;
    const std::string revision = std::to_string(head->number);
    of_file_.push_back(
        {"routing",
         "found " + routing_file_.string() + " to differ from routing revision " + revision + " by " +
             head->applied_by + ", which is in force" +
             (note_.file_base > 0 ? "; it was last the same as revision " + std::to_string(note_.file_base) : "") +
             ". Expected: the same text (lantern routes show " + revision +
             " prints it), or to be made the next revision by: lantern routes apply"});
}

void Reconciler::edit(std::optional<postgres::RoutingRevision>& head) {
    if (head && in_force_) {
        const auto problems = problems_with(edited(*in_force_, *file_->routing), routing_file_, plugins_);
        if (!problems.empty()) return refuse(problems);
    }
    note_.file = postgres::HostNote::File::in_force;
    if (!apply(head ? head->number : 0)) return;
    head = catalog_.routing();
    to_follow_ = true;
}

// False: somebody else's edit came first, or it is refused.
bool Reconciler::apply(std::int64_t parent) {
    const auto applied = catalog_.apply(*file_->routing, descriptions_of(plugins_),
                                        host_name() + ":" + routing_file_.string(), parent);
    if (!applied) {
        if (parent == 0) throw Fault(FaultKind::configuration, "routing", "refused: " + joined(applied.error()));
        log_.warn("routing not applied", {{"why", joined(applied.error())}});
        return false;
    }
    if (applied.value().made_revision)
        log_.info("routing applied",
                  {{"revision", applied.value().revision.number}, {"file", routing_file_.string()}});
    return true;
}

void Reconciler::refuse(const settings::Problems& problems) {
    note_.file = postgres::HostNote::File::refused;
    for (const auto& problem : problems) of_file_.push_back({"routing", problem.text()});
}

// The handlers of the routing in force are registered with the plugins that are here, and planned.
void Reconciler::follow(const postgres::RoutingRevision& head) {
    const auto routing = settings::parse_routing(head.content, routing_file_, settings::process_environment());
    of_handlers_.clear();
    if (!routing) {
        pass_over(head);
        editions_.revised({}, head.number);
        for (const auto& problem : routing.error())
            of_handlers_.push_back({"routing", "revision " + std::to_string(head.number) +
                                                   " cannot be followed here: " + problem.text()});
        note_.revision = head.number;
        return;
    }
    const auto applied = catalog_.apply(routing.value(), descriptions_of(plugins_), head.applied_by, head.number);
    if (!applied) return;  // another revision is in force by now: seen at the next look
    pass_over(head);
    editions_.revised(routing.value().handlers, head.number);
    HostPlan plan = planner_.plan(
        routing.value(), plugins_, [&](const HandlerName& name) { return catalog_.handler(name); },
        [&](const HandlerName& name, const Description& plugin) { return builds_.build_to_run(name, plugin); },
        [&](const HandlerName& name, const Description& plugin) { return rebuilds_.rebuild_for(name, plugin); });
    for (const auto& bad : plan.quarantined) {
        const auto refused = std::find_if(plan.refused.begin(), plan.refused.end(),
                                          [&](const auto& other) { return other.handler == bad.handler.name; });
        builds_.quarantine(bad.handler.name, bad.plugin, refused->why);
    }
    // What the catalog refuses runs as it was registered before, or not at all.
    for (const auto& [handler, why] : applied.value().refused) {
        const auto is = [&name = handler](const Refused& other) { return other.handler == name; };
        if (std::any_of(plan.held_back.begin(), plan.held_back.end(), is)) continue;
        if (std::erase_if(plan.runnable, [&name = handler](const auto& of) { return of.handler.name == name; }) > 0)
            plan.refused.push_back({handler, why});
    }
    for (const auto& refused : plan.refused)
        of_handlers_.push_back({refused.handler.value, "does not run: " + refused.why});
    for (const auto& held : plan.held_back)
        if (!held.why.empty())
            of_handlers_.push_back({held.handler.value, "the build that ran before goes on: " + held.why});
    in_force_ = routing.value();
    note_.revision = head.number;
    next_ = target(plan, head.number);
    log_.info("follows the routing", {{"revision", head.number},
                                      {"handlers", static_cast<int>(plan.runnable.size())},
                                      {"refused", static_cast<int>(plan.refused.size())}});
}

// Revisions that came and went between two looks: other hosts may have followed them.
void Reconciler::pass_over(const postgres::RoutingRevision& head) {
    for (auto number = note_.revision + 1; note_.revision > 0 && number < head.number; ++number) {
        const auto passed = catalog_.routing(number);
        if (!passed) continue;
        const auto routing =
            settings::parse_routing(passed->content, routing_file_, settings::process_environment());
        editions_.revised(routing ? routing.value().handlers : std::vector<HandlerSettings>{}, number);
    }
}

Target Reconciler::target(const HostPlan& plan, std::int64_t revision) {
    Target made{revision, {}, {}, {}, {}};
    made.jobs = rebuilds_.jobs([&](const std::string& build) { return plugins_.recall(build).has_value(); });
    for (const auto& runnable : plan.runnable) {
        std::vector<std::string> builds{runnable.plugin.build};
        for (auto& build : schema_builds(runnable.plugin)) builds.push_back(std::move(build));
        builds_.starts(runnable.handler.name, runnable.plugin);
        const auto edition = editions_.of_worker(runnable.handler.name, builds);
        made.handlers.push_back(runnable.handler);
        made.editions[runnable.handler.name.value] = edition;
        made.launches[edition] = *editions_.launch(edition);
    }
    std::vector<std::string> of_api{served_.edition()};
    for (const auto& found : plugins_.found())
        if (found.description &&
            (found.description->kind == PluginKind::aggregate || found.description->kind == PluginKind::schema))
            of_api.push_back(found.description->build);
    made.editions[""] = editions_.of_api(of_api);
    return made;
}

// Of the schemas that bring events to the versions which the plugin understands.
std::vector<std::string> Reconciler::schema_builds(const Description& plugin) const {
    std::vector<std::string> builds;
    for (const auto& found : plugins_.found()) {
        if (!found.description || found.description->kind != PluginKind::schema) continue;
        const auto& upcasts = found.description->upcasts;
        if (std::any_of(upcasts.begin(), upcasts.end(),
                        [&](const Upcast& upcast) { return plugin.events.contains(upcast.type); }))
            builds.push_back(found.description->build);
    }
    return builds;
}

// In the log once, and in this host's row as long as it holds.
void Reconciler::write_down() {
    note_.problems.clear();
    for (const auto* of : {&of_file_, &of_served_, &of_plugins_, &of_handlers_, &not_starting_})
        note_.problems.insert(note_.problems.end(), of->begin(), of->end());
    for (const auto& problem : note_.problems)
        if (std::find(said_.begin(), said_.end(), problem) == said_.end())
            log_.error("cannot be done", {{"about", problem.about}, {"why", problem.text}});
    said_ = note_.problems;
    note_.builds = rebuilds_.builds([&](const std::string& build) { return plugins_.has_build(build); });
    for (const auto& found : plugins_.found())
        if (found.description) note_.builds.push_back(found.description->build);
    hosts_.note(note_);
}

}  // namespace lantern::apps
