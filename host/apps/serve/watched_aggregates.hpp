// Aggregates of an api process whose every call the flight recorder sees, with the command that it is for.
#pragma once

#include <atomic>
#include <memory>

#include "host/apps/serve/blocked_commands.hpp"
#include "host/command/command_path.hpp"
#include "host/flight_recorder/recorder.hpp"

namespace lantern::apps {

class WatchedCalls final : public command::Calls {
public:
    WatchedCalls() { recorder_.record_crashes(); }

    bool blocked(const Description& plugin, const std::string& command) override;
    void begin(const Description& plugin, const std::string& command) override;
    void end() override;

    // Around each call of plugin code, also one that is for no command.
    void enter(const Description& plugin);
    void leave();

private:
    struct Thread;
    Thread& thread();

    flight_recorder::Recorder recorder_;
    BlockedCommands blocked_;
    std::atomic<std::size_t> threads_{0};
};

// Calls `loaded`'s plugin and upcasts, and says so. `calls` outlives it.
command::LoadedAggregate watched(command::LoadedAggregate loaded, WatchedCalls& calls);

}  // namespace lantern::apps
