#include "tests/chaos/fold.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "tests/chaos/chain.hpp"

namespace lantern::chaos {
namespace {

std::vector<const Fact*> routed(const Story& story, const std::string& handler) {
    std::vector<const Fact*> found;
    for (const auto& fact : story.facts) {
        const bool wanted = std::any_of(story.routes.begin(), story.routes.end(), [&](const Interval& route) {
            return route.handler == handler && route.type == fact.type && fact.position > route.begin &&
                   (!route.end || fact.position <= *route.end);
        });
        if (wanted) found.push_back(&fact);
    }
    return found;
}

std::string field(const boost::json::object& data, const char* name) {
    const auto* value = data.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : kNull;
}

void fold_recorder(const std::vector<const Fact*>& facts, const std::string& handler, Tables& tables) {
    auto& steps = tables[handler + ".steps"];
    auto& heads = tables[handler + ".heads"];
    std::string stream, chain;
    std::int64_t after = 0, applied = 0;
    for (const Fact* fact : facts) {
        if (fact->stream_id != stream) {
            stream = fact->stream_id;
            chain.clear();
            after = applied = 0;
        }
        const std::string revision = std::to_string(fact->revision);
        steps[fact->aggregate_id + " " + revision] = {
            {"event_id", fact->id}, {"times", "1"}, {"after", std::to_string(after)}};
        chain = ::chaos::link(chain, fact->id, fact->revision, fact->data);
        after = fact->revision;
        heads[fact->aggregate_id] = {
            {"revision", revision}, {"applied", std::to_string(++applied)}, {"chain", chain}};
    }
}

void fold_users(const std::vector<const Fact*>& facts, const std::string& handler, Tables& tables) {
    auto& users = tables[handler + ".users"];
    for (const Fact* fact : facts) {
        const auto data = boost::json::parse(fact->data).as_object();
        auto& user = users[fact->aggregate_id];
        if (fact->type == "USER_CREATED") {
            const std::string role = field(data, "role");
            user = {{"status", "active"},
                    {"role", role == kNull ? "user" : role},
                    {"created_at", fact->recorded_at},
                    {"deleted_at", kNull}};
            for (const char* name : {"username", "email", "first_name", "last_name"})
                user[name] = field(data, name);
        } else if (fact->type == "USER_UPDATED") {
            for (const char* name : {"email", "first_name", "last_name"})
                if (data.contains(name)) user[name] = field(data, name);
        } else if (fact->type == "USER_DELETED") {
            user["status"] = "deleted";
            user["deleted_at"] = fact->recorded_at;
        }
        user["updated_at"] = fact->recorded_at;
        user["revision"] = std::to_string(fact->revision);
    }
}

void fold_audit(const std::vector<const Fact*>& facts, const std::string& handler, Tables& tables) {
    auto& log = tables[handler + ".audit_log"];
    for (const Fact* fact : facts)
        log[fact->aggregate_id + " " + fact->id] = {
            {"action", fact->type}, {"revision", std::to_string(fact->revision)}, {"time", fact->recorded_at}};
}

// All is applied: every stream is live, at its last routed event.
void fold_checkpoints(const std::vector<const Fact*>& facts, const std::string& handler, Tables& tables) {
    auto& rows = tables[handler + ".lantern_streams"];
    for (const Fact* fact : facts)
        rows[fact->stream_id] = {{"revision", std::to_string(fact->revision)}, {"state", "0"}};
}

}  // namespace

Tables fold(const Story& story, const Handlers& handlers) {
    Tables tables;
    for (const auto& recorder : handlers.recorders) {
        const auto facts = routed(story, recorder);
        fold_recorder(facts, recorder, tables);
        fold_checkpoints(facts, recorder, tables);
    }
    if (!handlers.users.empty()) {
        const auto of_users = routed(story, handlers.users);
        fold_users(of_users, handlers.users, tables);
        fold_checkpoints(of_users, handlers.users, tables);
    }
    if (!handlers.audit.empty()) {
        const auto audited = routed(story, handlers.audit);
        fold_audit(audited, handlers.audit, tables);
        fold_checkpoints(audited, handlers.audit, tables);
    }
    if (handlers.mailer.empty()) return tables;
    const auto mailed = routed(story, handlers.mailer);
    fold_checkpoints(mailed, handlers.mailer, tables);
    auto& effects = tables["lantern.effects"];
    for (const Fact* fact : mailed) effects[fact->id] = {{"state", "done"}};
    return tables;
}

std::vector<std::string> broken_streams(const Story& story) {
    std::vector<std::string> found;
    std::string stream;
    std::int64_t revision = 0, position = 0;
    for (const auto& fact : story.facts) {
        if (fact.stream_id != stream) revision = position = 0;
        stream = fact.stream_id;
        if (fact.revision != revision + 1)
            found.push_back("the store: stream " + stream + " has revision " + std::to_string(fact.revision) +
                            " after " + std::to_string(revision));
        if (fact.position <= position)
            found.push_back("the store: stream " + stream + " has revision " + std::to_string(fact.revision) +
                            " at position " + std::to_string(fact.position) + ", behind the one before");
        revision = fact.revision;
        position = fact.position;
    }
    return found;
}

}  // namespace lantern::chaos
