// What `lantern status` prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/postgres/backfill/jobs.hpp"
#include "host/postgres/backfill/swap.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/operate/hosts.hpp"
#include "host/postgres/operate/intake_status.hpp"

namespace lantern::apps {

struct Status {
    std::vector<postgres::HandlerStatus> handlers;
    postgres::RelayStatus relay;
    std::vector<postgres::Unroutable> unroutable;
    std::optional<postgres::RoutingRevision> routing;
    std::vector<postgres::HostNote> hosts;  // that live
    std::vector<postgres::Job> jobs;        // of backfill, that have not ended
    std::vector<postgres::KeptSchema> kept;
    std::optional<postgres::IntakeStatus> intake;  // of the queue of events from outside
};

void print_status(const Status& status);
void print_status_json(const Status& status);

// Why a handler is not up to date or does not work, and what ends that; empty: it works.
std::vector<std::string> reasons(const postgres::HandlerStatus& handler);

}  // namespace lantern::apps
