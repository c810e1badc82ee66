// Command routes: from a request to the command path and back to a response.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "host/command/append_groups.hpp"
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
    struct Course;                              // one command's way, perhaps over several jobs
    using CoursePtr = std::shared_ptr<Course>;  // shared by its jobs, and by the group that appends it

    static Result<command::CommandRequest, command::Rejection> request_of(const Exchange& exchange);
    void attempt(const CoursePtr& course, const std::function<void()>& part);
    void go_on(Session& session, const CoursePtr& course);
    void step(Session& session, const CoursePtr& course);
    void append(Session& session, const CoursePtr& course);
    void land(Session& session, const CoursePtr& course, command::AppendGroups::Landing landing);
    void conclude(Session& session, const CoursePtr& course, const command::AppendOutcome& outcome);
    void ask(const CoursePtr& course, std::vector<command::Ask> asks);
    void end(const CoursePtr& course, const command::Answer& answer);
    void answer(Exchange& exchange, const command::Answer& answer);
    void answer_blindly(const CoursePtr& course, const command::Answer& answer);

    const World world_;
    command::AppendGroups groups_;
};

}  // namespace lantern::http
