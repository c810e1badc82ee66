// lantern dev: everything on this machine, for trying out, developing and testing.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iostream>

#include "host/apps/dev/dev_lock.hpp"
#include "host/apps/dev/dev_stack.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/private_servers/place.hpp"
#include "host/processes/stop_request.hpp"

namespace lantern::apps {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyWithin = 180s;
constexpr auto kStopWithin = 150s;
constexpr auto kTendEvery = 200ms;
constexpr auto kLookEvery = 50ms;
constexpr auto kDyingWithin = 300ms;

struct Options {
    bool detach = false;
    bool stop = false;
    std::string roles;
};

void print(const Endpoints& endpoints) {
    std::cout << "Lantern runs, process " << endpoints.dev_pid << "\n  HTTP        " << endpoints.http_url
              << "\n  metrics     " << endpoints.metrics_url << "/metrics\n  PostgreSQL  " << endpoints.postgres_url
              << "\n  RabbitMQ    " << endpoints.amqp_url << "\n  token       " << endpoints.admin_token
              << std::endl;
}

// A log keeps what it is told, so that token and passwords are not for it.
void announce(const Endpoints& endpoints) {
    struct stat output {};
    if (fstat(STDOUT_FILENO, &output) != 0 || !S_ISREG(output.st_mode)) return print(endpoints);
    std::cout << "Lantern runs, process " << endpoints.dev_pid << ", " << endpoints.http_url << std::endl;
}

// The endpoints that the process `dev` wrote; nothing while it is not ready.
std::optional<Endpoints> endpoints_of(const std::filesystem::path& data, pid_t dev) {
    auto endpoints = read_endpoints(data);
    if (endpoints && endpoints->dev_pid != dev) endpoints.reset();
    return endpoints;
}

std::filesystem::path data_directory(const Instance& at) {
    const std::filesystem::path data = std::filesystem::absolute(at.data.empty() ? ".lantern" : at.data);
    // Others may pass, since PostgreSQL and RabbitMQ run as users of their own under root; what is secret in it is
    // closed by itself. A directory that is there keeps its mode.
    if (!std::filesystem::exists(data)) {
        std::filesystem::create_directories(data);
        chmod(data.c_str(), 0755);
    }
    return std::filesystem::canonical(data);
}

// The exit code once what another process runs here is told of; nothing when no other process runs here any more.
std::optional<int> wait_for_other(const std::filesystem::path& data, DevLock& lock) {
    const auto until = std::chrono::steady_clock::now() + kReadyWithin;
    const processes::StopRequest interrupted;
    while (const auto dev = lock.holder()) {
        // One that was killed a moment ago still holds its lock for as long as the kernel clears it away.
        if (const auto endpoints = endpoints_of(data, *dev); endpoints && !wait_for_end(*dev, kDyingWithin)) {
            std::cout << "already running in " << data.string() << "\n";
            print(*endpoints);
            return 0;
        }
        if (std::chrono::steady_clock::now() > until || interrupted.wait(kLookEvery)) {
            std::cerr << "lantern: what runs in " << data.string() << " does not become ready; see its log/\n";
            return kFailed;
        }
    }
    return std::nullopt;
}

int stop(const std::filesystem::path& data) {
    DevLock lock(data);
    const auto dev = lock.holder();
    if (dev) {
        const int process = static_cast<int>(syscall(SYS_pidfd_open, *dev, 0));
        if (process >= 0 && lock.holder() == dev) syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0);
        if (process >= 0) ::close(process);
        if (!wait_for_end(*dev, kStopWithin) && lock.holder() == dev) {
            std::cerr << "lantern: process " << *dev << " does not stop; killing it\n";
            ::kill(*dev, SIGKILL);
            wait_for_end(*dev, kStopWithin);
        }
    }
    if (!lock.take()) return wait_for_other(data, lock).value_or(0);  // another start came between
    end_dev_leftovers(data);
    std::filesystem::remove(data / "endpoints.json");
    std::cout << (dev ? "stopped" : "nothing runs in " + data.string()) << std::endl;
    return 0;
}

// Runs until it is told to stop.
int serve(const std::filesystem::path& data, DevStack::Options options, const processes::StopRequest& asked) {
    std::filesystem::remove(data / "endpoints.json");
    DevStack stack(std::move(options),
                   [](const std::string& line) { std::cerr << "lantern dev: " << line << std::endl; });
    stack.start();
    bool told = false;
    while (!asked.wait(kTendEvery)) {
        try {
            stack.tend();
        } catch (const Fault& fault) {
            if (!told) throw;
            std::cerr << "lantern dev: " << fault.what() << "; trying again" << std::endl;
            continue;
        }
        if (told || !stack.ready()) continue;
        write_endpoints(data, stack.endpoints());
        announce(stack.endpoints());
        told = true;
    }
    std::cerr << "lantern dev: stopping" << std::endl;
    std::filesystem::remove(data / "endpoints.json");
    stack.stop();
    return 0;
}

// Starts this program again as a daemon, and returns when that one is ready.
int detach(const std::filesystem::path& data, const DevStack::Options& options, DevLock& lock) {
    std::filesystem::create_directories(data / "log");
    const auto log = data / "log" / "lantern.log";
    processes::Program program{.argv = {processes::own_program(), "dev", "--data", data.string(), "--config",
                                        options.config.string(), "--plugins", options.plugins.string()},
                               .directory = "/",
                               .output = log,
                               .life = processes::Program::Life::detached};
    if (!options.roles.empty()) program.argv.insert(program.argv.end(), {"--roles", options.roles});
    const processes::StopRequest interrupted;
    processes::Child daemon(program);
    const auto until = std::chrono::steady_clock::now() + kReadyWithin;
    while (!interrupted.wait(kLookEvery)) {
        if (const auto endpoints = endpoints_of(data, daemon.pid())) {
            print(*endpoints);
            return 0;
        }
        if (const auto ended = daemon.wait(0ms)) {
            if (ended->clean()) return wait_for_other(data, lock).value_or(kFailed);  // another start was faster
            std::cerr << "lantern: it ended with " << ended->text() << "; the end of " << log.string() << ":\n"
                      << private_servers::tail(log) << std::endl;
            return 1;
        }
        if (std::chrono::steady_clock::now() > until) break;
    }
    std::cerr << "lantern: not ready after " << kReadyWithin.count() << " s, it goes on; see " << log.string()
              << ":\n"
              << private_servers::tail(log) << std::endl;
    return 1;
}

int run_dev(const Instance& at, const Options& options) {
    const auto data = data_directory(at);
    if (options.stop) return stop(data);
    // Of this directory's endpoints nothing is wanted here: they are of an earlier run.
    const Instance fresh{{}, at.config, at.plugins};
    DevStack::Options stack{data, fresh.config_directory(), fresh.plugin_directory(), options.roles};
    fresh.settings();  // what is wrong in the configuration is told before anything starts
    fresh.routing();
    DevLock lock(data);
    if (lock.holder())
        if (const auto told = wait_for_other(data, lock)) return *told;
    if (options.detach) return detach(data, stack, lock);
    const processes::StopRequest asked;
    if (!lock.take()) return wait_for_other(data, lock).value_or(kFailed);
    return serve(data, std::move(stack), asked);
}

}  // namespace

void add_dev(Verbs& verbs) {
    auto options = std::make_shared<Options>();
    auto& dev = verbs.add("dev", "run everything here, with private servers (default --data .lantern)",
                          [options](const Instance& at) { return run_dev(at, *options); });
    auto* detach = dev.add_flag("--detach", options->detach, "return when it is ready, and leave it running");
    dev.add_flag("--stop", options->stop, "stop what runs in the directory")->excludes(detach);
    dev.add_option("--roles", options->roles, "api,intake,relay,worker,backfill: what the host runs (default all)");
}

}  // namespace lantern::apps
