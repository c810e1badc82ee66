// Tells readers that something was committed: NOTIFY lantern_events, from a thread and a connection of its own, at
// most once a millisecond, because a NOTIFY within the append would serialise commits. Losing one is harmless:
// readers also poll.
#pragma once

#include <memory>
#include <string>

#include "host/command/ports.hpp"

namespace lantern::postgres {

inline constexpr const char* kEventsChannel = "lantern_events";

class Announcer final : public command::Announcer {
public:
    explicit Announcer(std::string url);  // does not throw when the server is away
    ~Announcer() override;                // joins its thread
    void announce() override;             // any thread; never blocks on the server

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lantern::postgres
