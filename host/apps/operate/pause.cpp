// lantern pause HANDLER --reason "why", lantern resume HANDLER: one handler stops and goes on; the others notice
// nothing.
#include <iostream>

#include "host/apps/operator_name.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/operate/catalog.hpp"

namespace lantern::apps {
namespace {

struct Words {
    std::string handler, reason;
};

[[noreturn]] void refuse(const std::string& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler, why);
}

int pause(const Instance& at, const Words& words) {
    if (words.reason.find_first_not_of(" \t\n") == std::string::npos) refuse(words.handler, "--reason is empty");
    postgres::Catalog catalog(at.settings().postgres_url);
    const auto was = catalog.pause(HandlerName{words.handler}, {operator_name(), words.reason});
    if (!was || *was == "removed") refuse(words.handler, "is not routed; `lantern status` shows those that are");
    if (*was == "quarantined") refuse(words.handler, "is quarantined, and takes nothing already");
    std::cout << words.handler << (*was == "paused" ? " was paused already" : " is paused") << "; `lantern resume "
              << words.handler << "` lets it go on" << std::endl;
    return 0;
}

int resume(const Instance& at, const Words& words) {
    postgres::Catalog catalog(at.settings().postgres_url);
    const auto was = catalog.resume(HandlerName{words.handler}, {operator_name(), words.reason});
    if (!was || *was == "removed") refuse(words.handler, "is not routed; `lantern status` shows those that are");
    if (*was == "paused" || *was == "quarantined") {
        std::cout << words.handler << " goes on; what it missed comes from the store" << std::endl;
        return 0;
    }
    const auto now = catalog.handler(HandlerName{words.handler});
    if (now && now->state == "held")
        std::cout << words.handler << " is held: " << now->state_reason << "\nIt "
                  << "is tried again every few seconds, and goes on by itself once that is repaired" << std::endl;
    else
        std::cout << words.handler << " was not paused: it is " << *was << std::endl;
    return 0;
}

}  // namespace

void add_pause(Verbs& verbs) {
    const auto pausing = std::make_shared<Words>();
    auto& pauses = verbs.add("pause", "stop a handler for a while; its events wait",
                             [pausing](const Instance& at) { return pause(at, *pausing); });
    pauses.add_option("handler", pausing->handler, "as the routing file names it")->required();
    pauses.add_option("--reason", pausing->reason, "why; shown by `lantern status`, kept in the admin log")
        ->required();
    const auto resuming = std::make_shared<Words>();
    auto& resumes = verbs.add("resume", "let a paused handler go on",
                              [resuming](const Instance& at) { return resume(at, *resuming); });
    resumes.add_option("handler", resuming->handler, "as the routing file names it")->required();
    resumes.add_option("--reason", resuming->reason, "why; kept in the admin log");
}

}  // namespace lantern::apps
