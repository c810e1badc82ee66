// What `lantern` can be asked to do. Each verb stands in its own file and adds itself with
//     auto& command = verbs.add("relay", "moves events from the store to RabbitMQ", [](const Instance& at) { ...
//     });
// Options are kept alive by the action: let it capture a shared_ptr to them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "host/apps/instance.hpp"

namespace lantern::apps {

// Exit codes.
inline constexpr int kFailed = 1;
inline constexpr int kMisconfigured = 2;

// For an option that narrows a verb down: an empty word, as of a shell variable that is not set, must not mean all.
CLI::Validator not_empty();

class Verbs {
public:
    using Action = std::function<int(const Instance& at)>;  // returns the exit code; may throw Fault

    explicit Verbs(CLI::App& app);

    // A verb with --data, --config and --plugins.
    CLI::App& add(const std::string& name, const std::string& description, Action action);
    // A verb of verbs: `lantern plugin list`. Add those with add_to.
    CLI::App& add_group(const std::string& name, const std::string& description);
    CLI::App& add_to(CLI::App& group, const std::string& name, const std::string& description, Action action);

    // Runs what the command line named; prints a Fault and turns it into an exit code.
    int run() const;

private:
    CLI::App& app_;
    Instance at_;
    Action chosen_;
};

// One for each file.
void add_audit(Verbs& verbs);
void add_backfill(Verbs& verbs);
void add_dev(Verbs& verbs);
void add_doctor(Verbs& verbs);
void add_export(Verbs& verbs);
void add_explain(Verbs& verbs);
void add_host(Verbs& verbs);
void add_import(Verbs& verbs);
void add_jobs(Verbs& verbs);
void add_migrate(Verbs& verbs);
void add_openapi(Verbs& verbs);
void add_parked(Verbs& verbs);
void add_pause(Verbs& verbs);
void add_status(Verbs& verbs);
void add_store(Verbs& verbs);
void add_api(Verbs& verbs);
void add_intake(Verbs& verbs);
void add_refused(Verbs& verbs);
void add_relay(Verbs& verbs);
void add_routes(Verbs& verbs);
void add_worker(Verbs& verbs);
void add_plugin(Verbs& verbs);

}  // namespace lantern::apps
