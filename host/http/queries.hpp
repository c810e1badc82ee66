// Query routes: rows of read models, history and past states. Another path than commands through other code.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/command/command_path.hpp"
#include "host/http/exchange.hpp"
#include "host/http/lookups.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

class Queries {
public:
    // All of it outlives this.
    struct World {
        command::CommandPath::World path;  // for states
        Workers& workers;
        // Data of an event as it may be shown: JSON text without secrets, "null" when nothing may.  [any thread]
        std::function<std::string(const Event&)> shown;
    };
    explicit Queries(const World& world) : world_(world), lookups_(world.workers) {}

    void handle(const ExchangePtr& exchange);  // any thread
    void ready(const ExchangePtr& exchange);   // whether the database answers

private:
    void on_worker(const ExchangePtr& exchange, std::function<void(Session&)> job);
    void rows(Session& session, Exchange& exchange);
    void history(Session& session, Exchange& exchange);
    void state(Session& session, Exchange& exchange);
    void deliveries(Session& session, Exchange& exchange);

    const World world_;
    Lookups lookups_;
};

}  // namespace lantern::http
