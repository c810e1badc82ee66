// lantern routes history, show, apply, revert: the routing in force and those before it.
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/operator_name.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/apps/routes/routes.hpp"
#include "host/apps/routes/routing_check.hpp"
#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/settings/routing_file.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

constexpr std::size_t kHistoryMax = 100;

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "routing", why);
}

std::vector<Description> descriptions_of(const plugin_loading::Directory& plugins) {
    std::vector<Description> descriptions;
    for (const auto& found : plugins.found())
        if (found.description) descriptions.push_back(*found.description);
    return descriptions;
}

// How this machine's file stands to a revision.
void print_file(const Settings& settings, const postgres::RoutingRevision& revision) {
    const auto file = settings::read_routing(settings.routing_file, settings::process_environment());
    if (file && file.value().hash == revision.hash) {
        std::cout << settings.routing_file.string() << " says the same" << std::endl;
        return;
    }
    std::cout << settings.routing_file.string() << " differs from it, and is not looked at until it says the same: "
              << "lantern routes show " << revision.number << " > " << settings.routing_file.string() << std::endl;
}

}  // namespace

int show_history(const Instance& at, bool as_json) {
    postgres::Catalog catalog(at.settings().postgres_url);
    const auto revisions = catalog.routings(kHistoryMax);
    if (as_json) {
        json::array all;
        for (const auto& revision : revisions) {
            json::object one{{"revision", revision.number},
                             {"hash", revision.hash},
                             {"applied_by", revision.applied_by},
                             {"applied_at", iso8601(revision.applied_at)}};
            if (revision.parent) one["parent"] = *revision.parent;
            all.emplace_back(std::move(one));
        }
        std::cout << json::serialize(all) << std::endl;
        return 0;
    }
    std::cout << std::right << std::setw(8) << "revision"
              << "  applied at            by\n";
    for (const auto& revision : revisions)
        std::cout << std::setw(8) << revision.number << "  " << iso8601(revision.applied_at).substr(0, 19) << "Z  "
                  << revision.applied_by << "\n";
    std::cout << std::flush;
    return 0;
}

int show_routes(const Instance& at, std::int64_t number) {
    postgres::Catalog catalog(at.settings().postgres_url);
    const auto revision = number > 0 ? catalog.routing(number) : catalog.routing();
    if (!revision)
        refuse(number > 0 ? "there is no revision " + std::to_string(number) + "; see: lantern routes history"
                          : "no routing was applied yet");
    std::cout << revision->content << std::flush;
    return 0;
}

int apply_routes(const Instance& at, std::filesystem::path file) {
    const Settings settings = at.settings();
    if (file.empty()) file = settings.routing_file;
    const plugin_loading::Directory plugins(settings.plugin_directory, probe_options(at));
    const auto next = read_next(file, plugins);
    if (!next) return refuse(next.error());
    postgres::Catalog catalog(settings.postgres_url);
    const auto head = catalog.routing();
    const auto applied =
        catalog.apply(next.value(), descriptions_of(plugins),
                      operator_name() + ":" + std::filesystem::absolute(file).string(), head ? head->number : 0);
    if (!applied) refuse(applied.error().front());
    std::cout << "routing revision " << applied.value().revision.number
              << (applied.value().made_revision ? " is in force" : " was in force already") << std::endl;
    return 0;
}

int revert_routes(const Instance& at, std::int64_t number, const std::string& reason) {
    const Settings settings = at.settings();
    postgres::Catalog catalog(settings.postgres_url);
    const auto made = catalog.revert(number, {operator_name(), reason});
    if (!made) refuse(made.error());
    std::cout << "routing revision " << made.value().number << " is in force, and says what revision " << number
              << " said" << std::endl;
    print_file(settings, made.value());
    return 0;
}

}  // namespace lantern::apps
