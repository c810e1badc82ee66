// The members of a host's tree as processes: this same program, started again with another verb.
#pragma once

#include <map>
#include <memory>

#include "host/apps/instance.hpp"
#include "host/core/identifiers.hpp"
#include "host/processes/child.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::apps {

class HostProcesses final : public supervise::Spawner {
public:
    struct Options {
        std::vector<std::string> arguments;              // --config and --plugins, for every member
        std::map<std::string, std::string> environment;  // added to ours
    };
    explicit HostProcesses(Options options) : options_(std::move(options)) {}

    Result<int> start(const supervise::Member& member) override;
    std::vector<supervise::Death> deaths() override;
    void ask_to_stop(const supervise::Member& member) override;
    void kill(const supervise::Member& member) override;

    // Waits until a member ended, `stop_descriptor` is readable, or `wait` has passed. -1: no such descriptor.
    void wait(int stop_descriptor, std::chrono::milliseconds wait) const;

private:
    Options options_;
    std::map<supervise::Member, std::unique_ptr<processes::Child>> children_;
};

// Who a relay is in the store. The host that started it can name it when it died (LANTERN_HOST_RUN is fresh for
// each run of a host, and inherited), and free the leadership at once. One that no host started is a fresh one.
Uuid relay_identity(int pid);
Uuid relay_identity(const Uuid& host_run, int pid);

}  // namespace lantern::apps
