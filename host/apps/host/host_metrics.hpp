// The page that Prometheus reads from a host: what its members counted, and how the store stands. docs/operate.md
// describes each metric.
#pragma once

#include <string>

#include "host/apps/host/member_tallies.hpp"
#include "host/postgres/operate/backlogs.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/telemetry/metrics.hpp"

namespace lantern::apps {

// Counters and processes of this host.
void add_members(telemetry::Metrics& page, const MemberTallies& tallies);
// Gauges of the cluster: each host shows the same. Throws Fault when the store does not answer.
void add_store(telemetry::Metrics& page, postgres::Catalog& catalog, postgres::Backlogs& backlogs);

}  // namespace lantern::apps
