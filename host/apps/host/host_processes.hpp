// The members of a host's tree as processes: this same program, started again with another verb. Those that run
// plugin code are watched through a flight recorder, and what they print is read.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "host/apps/host/plugin_output.hpp"
#include "host/apps/instance.hpp"
#include "host/apps/serve/ready_signal.hpp"
#include "host/core/identifiers.hpp"
#include "host/flight_recorder/board.hpp"
#include "host/processes/child.hpp"
#include "host/supervise/blame.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::apps {

class HostProcesses final : public supervise::Spawner {
public:
    // What one member gets beyond the others.
    struct Extra {
        std::vector<std::string> arguments;
        std::map<std::string, std::string> environment;
        telemetry::Fields printed{};               // fields of the lines that its plugin prints
        std::map<std::string, int> handed_over{};  // descriptors, as Program has them
    };
    struct Options {
        std::vector<std::string> arguments;              // --config and --plugins, for every member
        std::map<std::string, std::string> environment;  // added to ours
        // Asked at each start; Fault: the member is not started now.
        std::function<Extra(const supervise::Member& member)> extra;
    };
    HostProcesses(Options options, const telemetry::Log& log);
    ~HostProcesses() override;  // kills what still runs

    Result<int> start(const supervise::Member& member) override;
    std::vector<supervise::Death> deaths() override;
    bool ready(const supervise::Member& member) override;
    void ask_to_stop(const supervise::Member& member) override;
    void kill(const supervise::Member& member) override;

    // Ends what overran its time limit or its memory, or was stopped by a signal for so long that its leases are
    // another's by now (what it still tries when it wakes is fenced, but it does no work meanwhile). To be called
    // once in supervise::Watchdog::kLookEvery. Members that are near the end of their memory, outside of any call,
    // are asked to stop, so that they begin anew.
    void watch();

    // Waits until a member ended, one of the descriptors is readable, or `wait` has passed.
    void wait(const std::vector<int>& descriptors, std::chrono::milliseconds wait) const;

private:
    struct Running {
        std::unique_ptr<processes::Child> child;
        std::unique_ptr<flight_recorder::Board> board;  // of those that run plugin code
        std::optional<supervise::Sentence> sentence;
        std::chrono::steady_clock::time_point kill_at{};  // with a sentence: it should have died by then
        bool drains = false;                              // was asked to begin anew
        std::unique_ptr<ReadySignal> ready;
        std::optional<std::chrono::steady_clock::time_point> stopped_since{};
    };

    void capture(const supervise::Member& member, const Extra& extra, processes::Program& program);
    void look_at(const supervise::Member& member, Running& running);
    void end_if_stopped(const supervise::Member& member, Running& running);
    void pass(const supervise::Member& member, Running& running, supervise::Sentence sentence,
              const std::vector<supervise::Call>& calls);

    Options options_;
    const telemetry::Log log_;
    const int log_descriptor_;  // ours, for children whose stderr is read
    PluginOutput output_;
    supervise::Watchdog watchdog_;
    std::map<supervise::Member, Running> running_;
};

// Who a relay or a backfill process is in the store. The host that started it can name it when it died
// (LANTERN_HOST_RUN is fresh for each run of a host, and inherited), and free what it held at once. One that no
// host started is a fresh one.
Uuid identity_of(supervise::Role role, int pid);
Uuid identity_of(supervise::Role role, const Uuid& host_run, int pid);

}  // namespace lantern::apps
