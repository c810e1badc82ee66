// What the process that reads the queue of events from outside says of itself, and who reads that. One thread.
#pragma once

#include <optional>
#include <string>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct IntakeStatus {
    std::string queue, host;
    int pid = 0;
    Timestamp seen_at;
    std::int64_t appended = 0, known = 0;  // events, since ever
    std::int64_t refused = 0;              // messages, since ever
    std::int64_t waiting = 0, lying = 0;   // messages in the queue, and refused ones that nobody took away
    std::string last_refusal;              // empty: there was none
    std::optional<Timestamp> last_refusal_at;
    std::string trouble;  // why nothing is taken; empty: nothing is wrong
};

struct IntakeNote {
    std::string queue, host;
    int pid = 0;
    std::int64_t appended = 0, known = 0, refused = 0;  // since the last note
    std::int64_t waiting = 0, lying = 0;
    std::string last_refusal;  // empty: none since the last note
    std::string trouble;
};

std::optional<IntakeStatus> read_intake(Connection& connection);  // nothing: no queue was ever read

class IntakeStatuses {
public:
    explicit IntakeStatuses(const std::string& url);  // connects

    void note(const IntakeNote& note);
    std::optional<IntakeStatus> read();

private:
    Connection connection_;
};

}  // namespace lantern::postgres
