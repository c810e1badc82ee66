// Crashes of plugin code, as rows that outlive every process. The host records them and judges builds by them; a
// worker asks what is held against the events that it is about to carry out.
#pragma once

#include <string>
#include <vector>

#include "host/core/description.hpp"
#include "host/postgres/connection.hpp"
#include "host/supervise/ports.hpp"
#include "host/worker/ports.hpp"

namespace lantern::postgres {

struct CrashCounts {
    int same = 0;    // of this event, or command, with this build
    int events = 0;  // different ones lately, with this build
    int loose = 0;   // outside of any call lately, with this build
};

// A command that api processes died of too often.
struct BlockedCommand {
    std::string aggregate_type, build, command, cause;
    bool operator==(const BlockedCommand&) const = default;
};

// The host's. One thread. Connects again by itself.
class CrashBook {
public:
    explicit CrashBook(const std::string& url);

    CrashCounts record(const supervise::Crash& crash, const std::string& host, int pid);
    std::vector<BlockedCommand> blocked();

    // A worker of this build is about to be started; a handler that stands quarantined goes on with it.
    void starts(const HandlerName& handler, const Description& plugin);
    // By handler; of each the one that ran last first.
    std::vector<supervise::KnownBuild> builds();
    // False: that was known already.
    bool quarantine_build(const HandlerName& handler, const std::string& build, const std::string& why);
    void quarantine(const HandlerName& handler, const std::string& why);

private:
    Connection connection_;
};

// A worker's, on its connection.
class Crashes final : public worker::Crashes {
public:
    Crashes(Connection& connection, HandlerName handler, std::string plugin_build)
        : connection_(connection), handler_(std::move(handler)), plugin_build_(std::move(plugin_build)) {}

    worker::Suspicion suspicion() override;

private:
    Connection& connection_;
    const HandlerName handler_;
    const std::string plugin_build_;
};

}  // namespace lantern::postgres
