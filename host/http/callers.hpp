// Who calls: the operator with the fixed token, or whoever logged in.
//
// A token that a login gave out is good while its signature and its time are, while it was not given back, and
// while the state of its stream has the epoch that the token was made for. So a token is looked up in PostgreSQL
// when it comes for the first time, when its stream has moved on (hints of this machine's processes), and again
// after AuthSettings::revoked_within: that long, at most, another host's revocation goes unnoticed. In between it
// costs neither a round trip nor a signature.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/command/command_path.hpp"
#include "host/core/auth_settings.hpp"
#include "host/http/ports.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

struct Caller {
    command::Actor actor;
    std::optional<Claims> claims;  // nothing: the operator's token, which cannot be given back
};

class Callers {
public:
    // All of it outlives this.
    struct World {
        const AuthSettings& settings;
        command::CommandPath::World path;
        const Tokens* tokens;  // nullptr: nobody logs in
        std::function<std::optional<command::Actor>(std::string_view token)> fixed;
    };
    explicit Callers(const World& world) : world_(world) {}

    // Without I/O. Nothing: only `check` can tell.  [any thread]
    std::optional<Caller> known(std::string_view token);
    // Nothing: nobody. Throws Fault.  [worker]
    std::optional<Caller> check(Session& session, std::string_view token);
    // The token is given back: over all hosts, at once on this machine.
    void deny(Session& session, const Claims& claims);

    // Whoever this state belongs to may log in; who they then are. Precondition: a JSON object.
    std::optional<command::Actor> admitted(const std::string& id, const boost::json::object& state) const;
    std::string role_of(const boost::json::object& state) const;
    std::int64_t epoch_of(const boost::json::object& state) const;

private:
    using Steady = std::chrono::steady_clock;
    struct Seen {
        Claims claims;
        command::Actor actor;
        Steady::time_point checked_at;
        Revision head;
    };

    bool expired(const Claims& claims) const;
    bool given_back_here(const Claims& claims) const;
    std::optional<Seen> seen(std::string_view token);
    void remember(std::string_view token, Seen seen);
    void forget(std::string_view token);

    const World world_;

    std::mutex mutex_;
    std::unordered_map<std::string, Seen> seen_;  // guarded by mutex_; by token
};

}  // namespace lantern::http
