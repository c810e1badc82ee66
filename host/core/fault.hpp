// An infrastructure fault: the one exception type that adapters throw. What to do about it is asked of it, not
// told by a subclass. Adapters translate their library's errors once, at their edge.
#pragma once

#include <stdexcept>
#include <string>

namespace lantern {

enum class FaultKind {
    outage,         // a server is away, ending, out of resources: SQLSTATE 08, 57, 53, a closed or refused socket
    conflict,       // serialisation or deadlock: SQLSTATE 40; nothing was done, do it again
    data,           // the data at hand was refused: SQLSTATE 22, 23
    in_doubt,       // the connection was lost between commit and its answer
    configuration,  // anything else of SQLSTATE, refused login, missing grant, dropped table: needs a person
};

class Fault : public std::runtime_error {
public:
    Fault(FaultKind kind, std::string place, const std::string& message, std::string code = {})
        : std::runtime_error(place + ": " + message),
          kind_(kind),
          place_(std::move(place)),
          code_(std::move(code)) {}

    FaultKind kind() const { return kind_; }
    const std::string& place() const { return place_; }  // "postgres", "rabbitmq", ...
    const std::string& code() const { return code_; }    // SQLSTATE or AMQP reply code, when there is one

    bool retryable() const { return kind_ == FaultKind::outage || kind_ == FaultKind::conflict; }
    bool in_doubt() const { return kind_ == FaultKind::in_doubt; }
    bool poisons_connection() const { return kind_ == FaultKind::outage || kind_ == FaultKind::in_doubt; }

private:
    FaultKind kind_;
    std::string place_;
    std::string code_;
};

}  // namespace lantern
