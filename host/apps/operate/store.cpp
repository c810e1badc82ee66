// lantern store adopt: after a restore, or a fail-over that lost commits, the store is delivered from again.
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "host/apps/operator_name.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/store/adoption.hpp"
#include "host/rabbitmq/purge.hpp"

namespace lantern::apps {
namespace {

using postgres::AdoptedHandler;

struct Words {
    std::string reason;
    bool dry_run = false, force = false;
};

bool ahead(const AdoptedHandler& handler) {
    return handler.streams_ahead + handler.streams_missing > 0;
}

void show(const std::vector<AdoptedHandler>& handlers, bool adopted) {
    for (const AdoptedHandler& handler : handlers) {
        std::cout << "  " << std::left << std::setw(24) << handler.handler.value;
        if (adopted) std::cout << "fed again from position " << handler.fed_from.value;
        if (ahead(handler))
            std::cout << (adopted ? "; " : "") << "AHEAD of the store: " << handler.streams_ahead
                      << " streams beyond their end, " << handler.streams_missing << " that it does not have";
        std::cout << "\n";
    }
}

void explain_ahead(const std::vector<AdoptedHandler>& handlers) {
    if (std::none_of(handlers.begin(), handlers.end(), ahead)) return;
    std::cout
        << "Checkpoints beyond the store's end are set back to it, so that what comes next is applied. What such "
           "a handler's\ntables hold of lost events stays there until it is rebuilt, and what side effects did "
           "is done.\n";
}

int adopt(const Instance& at, const Words& words) {
    if (words.reason.find_first_not_of(" \t\n") == std::string::npos)
        throw Fault(FaultKind::configuration, "store adopt", "--reason is empty");
    const Settings settings = at.settings();
    if (!postgres::migrated(settings.postgres_url))
        throw Fault(FaultKind::configuration, "store adopt",
                    "the store is of an older release: run `lantern migrate` first");
    postgres::Adoption adoption(settings.postgres_url);
    const std::string difference = adoption.difference();
    if (difference.empty() && !words.force) {
        std::cout << "This server and this database are those that the store belongs to: nothing to adopt.\n"
                     "(If its files were set back, by a snapshot of the disk for instance: --force.)"
                  << std::endl;
        return 0;
    }
    std::cout << (difference.empty() ? "The store is adopted anew"
                                     : "The store was restored or failed over: " + difference)
              << "\n";
    const auto found = adoption.look();
    if (words.dry_run) {
        show(found, false);
        explain_ahead(found);
        std::cout << "Nothing was changed (--dry-run)." << std::endl;
        return 0;
    }
    // 1. What the broker still holds of the lost store. 2. The store. A message that escapes the first is known by
    // its
    //    incarnation, and passed over.
    std::vector<rabbitmq::QueueSet> queues;
    for (const AdoptedHandler& handler : found) queues.push_back({handler.handler, handler.queues});
    const auto messages = rabbitmq::purge(settings.amqp_url, queues);
    std::cout << messages << " messages purged from the queues\n";
    const auto adopted = adoption.adopt({operator_name(), words.reason});
    show(adopted, true);
    explain_ahead(adopted);
    std::cout << "The store is adopted: hosts deliver again within seconds." << std::endl;
    return 0;
}

}  // namespace

void add_store(Verbs& verbs) {
    const auto words = std::make_shared<Words>();
    auto& group = verbs.add_group("store", "the event store");
    auto& verb = verbs.add_to(group, "adopt", "deliver again after a restore or a fail-over that lost commits",
                              [words](const Instance& at) { return adopt(at, *words); });
    verb.add_option("--reason", words->reason, "why; kept in the admin log")->required();
    verb.add_flag("--dry-run", words->dry_run, "say what would be done");
    verb.add_flag("--force", words->force, "though server and database are those that the store belongs to");
}

}  // namespace lantern::apps
