// The api of one process: takes each request apart, finds its route, asks who calls, and hands it to commands or
// queries.
//   GET /ht/      200 while the process lives
//   GET /readyz   200 when the database answers, else 503
//   OPTIONS       the methods that a path takes
//   GET /openapi.json, /docs/
// Everything else is routes from the settings; all but those for anyone need a bearer token.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "host/core/settings.hpp"
#include "host/http/callers.hpp"
#include "host/http/commands.hpp"
#include "host/http/documents.hpp"
#include "host/http/intakes.hpp"
#include "host/http/logins.hpp"
#include "host/http/queries.hpp"

namespace lantern::http {

class Api {
public:
    // All that is referred to outlives the api, and the api outlives all requests.
    struct World {
        const HttpSettings& settings;
        command::CommandPath::World path;
        command::Services& services;
        command::Announcer& announcer;
        Workers& workers;
        std::function<std::string(const Event&)> shown;
        Commands::Check check_request;  // may be empty
        // Who calls with this fixed token; nothing: it is another one.
        std::function<std::optional<command::Actor>(std::string_view token)> caller;
        const Tokens* tokens;         // nullptr: nobody logs in
        std::string decoy_hash;       // see Logins
        Exchange::Observer answered;  // may be empty
        Documents::World documents{};
        const intake::Intake* intake = nullptr;  // nullptr: no events of other producers are taken
    };
    explicit Api(const World& world);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    void handle(Request request, Respond respond);  // I/O thread

    // Requests that were taken and not yet answered.
    int admitted() const { return admitted_; }

private:
    bool answered_without_token(const ExchangePtr& exchange);
    bool is_there(Exchange& exchange) const;
    void identify(const ExchangePtr& exchange);
    void enter(const ExchangePtr& exchange, std::optional<Caller> caller);
    static bool may_enter(Exchange& exchange);
    void dispatch(const ExchangePtr& exchange);

    const World world_;
    const Router router_;
    std::atomic<int> admitted_ = 0;  // before what may hold unanswered requests to the end
    Callers callers_;
    Commands commands_;
    Queries queries_;
    Logins logins_;
    Intakes intakes_;
    const Documents documents_;
    SystemRandom random_;  // I/O thread
};

}  // namespace lantern::http
