// What else must be true when all is quiet.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/chaos/fold.hpp"

namespace lantern::chaos {

// Told to the producer as accepted: it must be in the store, there.
struct Accepted {
    std::string aggregate_id;
    std::int64_t revision = 0;
    std::string type;
    std::string event_id{};  // empty: not known
};
std::vector<std::string> lost(const Story& story, const std::vector<Accepted>& accepted);

// Each row of the audit log carries the hash of the row before it for the same subject.
std::vector<std::string> broken_chains(const Rows& audit_log);

// Event id -> how often its mail was sent. Each event in the ledger is mailed at least once, and never more often
// than the ledger has attempts: once, where nothing interrupted it.
using Mails = std::map<std::string, int>;
std::vector<std::string> wrong_mails(const Rows& effects, const Mails& mails);

}  // namespace lantern::chaos
