#include "host/apps/operate/intake_shown.hpp"

#include <boost/json.hpp>
#include <iostream>

#include "host/core/clock.hpp"
#include "host/rabbitmq/intake_queue.hpp"

namespace lantern::apps {

namespace json = boost::json;

void print_intake(const std::optional<postgres::IntakeStatus>& intake) {
    if (!intake) return;
    std::cout << "intake from " << intake->queue << ": " << intake->appended << " events appended, "
              << intake->waiting << " messages wait\n";
    if (!intake->trouble.empty()) std::cout << "    nothing is taken: " << intake->trouble << "\n";
    if (intake->lying > 0)
        std::cout << "    " << intake->lying << " refused messages lie in "
                  << rabbitmq::refused_queue(intake->queue) << ", the last one since: " << intake->last_refusal
                  << "; see lantern refused list\n";
}

json::value intake_json(const std::optional<postgres::IntakeStatus>& intake) {
    if (!intake) return nullptr;
    return json::object{{"queue", intake->queue},
                        {"host", intake->host},
                        {"pid", intake->pid},
                        {"seen_at", iso8601(intake->seen_at)},
                        {"appended", intake->appended},
                        {"known", intake->known},
                        {"refused", intake->refused},
                        {"waiting", intake->waiting},
                        {"refused_waiting", intake->lying},
                        {"last_refusal", intake->last_refusal},
                        {"trouble", intake->trouble}};
}

}  // namespace lantern::apps
