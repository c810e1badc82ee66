// A command as it came in, and what is answered to it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "host/command/ports.hpp"
#include "host/core/identifiers.hpp"

namespace lantern::command {

// Who acts. The scope "*" stands for all.
struct Actor {
    std::string id;
    std::string name;
    std::vector<std::string> scopes;

    bool may(const std::string& scope) const {
        return scope.empty() || std::any_of(scopes.begin(), scopes.end(),
                                            [&](const auto& own) { return own == scope || own == "*"; });
    }
};

// What the caller says the stream is at. Decides before the command does: an unmet one is 412.
struct IfMatch {
    bool any = false;                 // *: the stream exists
    std::vector<Revision> revisions;  // one of these

    bool met_by(Revision head) const {
        return any ? head.value > 0 : std::find(revisions.begin(), revisions.end(), head) != revisions.end();
    }
};

struct IdempotencyKey {
    std::string caller, route, key;
    std::string request;  // all that must be the same for a repetition: method, path, body
};

// The aggregate is the one that holds a unique key, which is given as a person typed it.
struct Lookup {
    std::string scope, typed;
};

struct CommandRequest {
    std::string aggregate;     // aggregate type
    std::string aggregate_id;  // empty when it creates, or is looked up
    std::optional<Lookup> lookup;
    std::string command;
    bool creates = false;       // under a fresh id; the stream must not exist
    int accepted_status = 200;  // answered when accepted
    int repeats = 3;            // how often it is decided anew when another append came between
    std::string data;           // JSON object
    Actor actor;
    std::string correlation_id, causation_id, traceparent, source;
    std::optional<IfMatch> if_match;
    std::optional<IdempotencyKey> idempotency;
};

struct Answer {
    int status = 200;
    std::string body;       // JSON: {"id", "revision"}, or problem details from status 400 on
    std::string id;         // of the aggregate; empty in a problem
    Revision revision;      // after the command
    bool appended = false;  // something was committed now
    bool replayed = false;  // the first answer to this idempotency key
    std::string defect;     // status 500: for the log, not for the caller
};

}  // namespace lantern::command
