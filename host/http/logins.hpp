// Logging in and out, by an AuthSettings. Below its path:
//   POST login/    {name, password} -> {token, token_type, expires_in, <aggregate>: what is shown of it}; 401, 429
//   POST logout/   the token is not taken any more; 204
//   POST refresh/  a new token for one that is still good; 401 once the login is too old
// A name that nobody has costs the same work as a wrong password, and gets the same answer.
#pragma once

#include <memory>

#include "host/http/callers.hpp"
#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

class Logins {
public:
    // All of it outlives this.
    struct World {
        const AuthSettings& settings;
        command::CommandPath::World path;
        command::Services& services;
        Workers& workers;
        Callers& callers;
        const Tokens* tokens;    // nullptr: nobody logs in
        std::string decoy_hash;  // of no password; verified when there is no other
        std::size_t body_bytes_max;
    };
    explicit Logins(const World& world) : world_(world) {}

    void handle(const ExchangePtr& exchange);  // any thread

private:
    struct Attempt;  // one login's way, over two jobs

    void login(const ExchangePtr& exchange);
    void logout(const ExchangePtr& exchange);
    void refresh(const ExchangePtr& exchange);

    void begin(Session& session, const std::shared_ptr<Attempt>& attempt);
    bool find(Session& session, Attempt& attempt);
    void finish(Session& session, Attempt& attempt, bool right);
    void give_token(Exchange& exchange, Claims claims, boost::json::object more);
    void on_worker(const ExchangePtr& exchange, std::function<void(Session&)> job);

    const World world_;
};

}  // namespace lantern::http
