// Command routes: from a request to the command path and back to a response.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "host/command/command_path.hpp"
#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

class Commands {
public:
    // What of a command's data is not as its route's schema says; any thread.
    using Check = std::function<std::vector<command::Rejection>(const CommandRoute& route, std::string_view data)>;
    // All of it outlives this.
    struct World {
        command::CommandPath::World path;
        command::Services& services;
        command::Announcer& announcer;
        Workers& workers;
        std::size_t body_bytes_max;
        Check check;  // may be empty
    };
    explicit Commands(const World& world) : world_(world) {}

    // Checks what can be checked without the store, and hands the rest to a worker.  [any thread]
    void handle(const ExchangePtr& exchange);

private:
    struct Course;  // one command's way, perhaps over several jobs

    static Result<command::CommandRequest, command::Rejection> request_of(const Exchange& exchange);
    void go_on(Session& session, const std::shared_ptr<Course>& course);
    void step(Session& session, const std::shared_ptr<Course>& course);
    void ask(const std::shared_ptr<Course>& course, std::vector<command::Ask> asks);
    void answer(Exchange& exchange, const command::Answer& answer);
    void answer_blindly(const std::shared_ptr<Course>& course, const command::Answer& answer);

    const World world_;
};

}  // namespace lantern::http
