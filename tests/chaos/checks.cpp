#include "tests/chaos/checks.hpp"

#include <cstdlib>

namespace lantern::chaos {

std::vector<std::string> lost(const Story& story, const std::vector<Accepted>& accepted) {
    std::map<std::pair<std::string, std::int64_t>, const Fact*> facts;
    for (const auto& fact : story.facts) facts[{fact.aggregate_id, fact.revision}] = &fact;
    std::vector<std::string> found;
    for (const auto& one : accepted) {
        const std::string what =
            "accepted: " + one.type + " of " + one.aggregate_id + " as revision " + std::to_string(one.revision);
        const auto at = facts.find({one.aggregate_id, one.revision});
        if (at == facts.end()) {
            found.push_back(what + ", but the store has no such event");
        } else if (at->second->type != one.type || (!one.event_id.empty() && at->second->id != one.event_id)) {
            found.push_back(what + ", but the store has " + at->second->type + " " + at->second->id + " there");
        }
    }
    return found;
}

std::vector<std::string> broken_chains(const Rows& audit_log) {
    std::map<std::string, std::map<std::int64_t, const Row*>> subjects;
    for (const auto& [key, row] : audit_log)
        subjects[row.at("subject")][std::atoll(row.at("revision").c_str())] = &row;
    std::vector<std::string> found;
    for (const auto& [subject, rows] : subjects) {
        std::string before = kNull;
        for (const auto& [revision, row] : rows) {
            if (row->at("previous_hash") != before)
                found.push_back("audit_log of " + subject + ": revision " + std::to_string(revision) +
                                " does not follow from the row before it");
            before = row->at("hash");
        }
    }
    return found;
}

std::vector<std::string> wrong_mails(const Rows& effects, const Mails& mails) {
    std::vector<std::string> found;
    for (const auto& [event, row] : effects) {
        const auto sent = mails.contains(event) ? mails.at(event) : 0;
        const int attempts = std::atoi(row.at("attempt").c_str());
        if (sent == 0) found.push_back("mail for " + event + ": never sent, though the ledger has it");
        if (sent > attempts)
            found.push_back("mail for " + event + ": sent " + std::to_string(sent) + " times in " +
                            std::to_string(attempts) + " attempts");
    }
    for (const auto& [event, count] : mails)
        if (!effects.contains(event)) found.push_back("mail for " + event + ": sent, but not in the ledger");
    return found;
}

}  // namespace lantern::chaos
