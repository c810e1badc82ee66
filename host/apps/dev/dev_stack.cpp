#include "host/apps/dev/dev_stack.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/postgres/migrate.hpp"
#include "host/private_servers/place.hpp"
#include "host/processes/leftovers.hpp"

namespace lantern::apps {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDatabase = "lantern";
constexpr auto kHostStopGrace = 60s;  // the host itself gives each role its grace
constexpr auto kLeftoversWithin = 60s;

void make_directory(const std::filesystem::path& directory, mode_t mode) {
    std::filesystem::create_directories(directory);
    chmod(directory.c_str(), mode);
}

}  // namespace

DevStack::DevStack(Options options, Say say)
    : options_(std::move(options)),
      say_(std::move(say)),
      postgres_({.directory = options_.data / "postgres"}),
      rabbit_({.directory = options_.data / "rabbit"}) {}

void DevStack::start() {
    end_dev_leftovers(options_.data);
    std::filesystem::remove(ready_file());
    make_directory(options_.data / "secrets", 0700);
    make_directory(options_.data / "log", 0755);
    make_directory(options_.data / "mail", 0755);
    make_directory(options_.data / "cache", 0700);

    say_("starting PostgreSQL");
    postgres_.start();
    if (!postgres_.has_database(kDatabase)) postgres_.create_database(kDatabase);
    say_("starting RabbitMQ");
    rabbit_.start();
    for (const auto& name : postgres::migrate(postgres_.url(kDatabase))) say_("applied " + name);

    const int port = private_servers::persistent_port(options_.data / "http_port");
    const int metrics_port = private_servers::persistent_port(options_.data / "metrics_port");
    endpoints_ = {.http_url = "http://127.0.0.1:" + std::to_string(port),
                  .metrics_url = "http://127.0.0.1:" + std::to_string(metrics_port),
                  .postgres_url = postgres_.url(kDatabase),
                  .amqp_url = rabbit_.url("lantern"),
                  .admin_token = private_servers::persistent_secret(options_.data / "secrets" / "admin_token"),
                  .dev_pid = getpid(),
                  .config = options_.config,
                  .plugins = options_.plugins};
    say_("starting the host");
    start_host();
}

void DevStack::start_host() {
    processes::Program host{.argv = {processes::own_program(), "host", "--config", options_.config.string(),
                                     "--plugins", options_.plugins.string(), "--ready-file", ready_file().string(),
                                     "--alone"}};
    if (!options_.roles.empty()) host.argv.insert(host.argv.end(), {"--roles", options_.roles});
    const auto port_of = [](const std::string& url) { return url.substr(url.rfind(':') + 1); };
    const auto secret = [this](const char* name) {
        return private_servers::persistent_secret(options_.data / "secrets" / name);
    };
    host.environment = {{processes::kOwnerVariable, options_.data.string()},
                        {"LANTERN_POSTGRES_URL", endpoints_.postgres_url},
                        {"LANTERN_AMQP_URL", endpoints_.amqp_url},
                        {"LANTERN_HTTP_ADDRESS", "127.0.0.1"},
                        {"LANTERN_HTTP_PORT", port_of(endpoints_.http_url)},
                        {"LANTERN_METRICS_ADDRESS", "127.0.0.1"},
                        {"LANTERN_METRICS_PORT", port_of(endpoints_.metrics_url)},
                        {"LANTERN_ADMIN_TOKEN", endpoints_.admin_token},
                        {"LANTERN_TOKEN_KEY", secret("token_key")},
                        {"LANTERN_RESET_KEY", secret("reset_key")},
                        {"LANTERN_MAIL_DIR", (options_.data / "mail").string()},
                        {"LANTERN_CACHE_DIR", (options_.data / "cache").string()}};
    host_ = std::make_unique<processes::Child>(host);
    host_due_ = std::chrono::steady_clock::now();
}

void DevStack::tend() {
    if (postgres_.tend()) say_("PostgreSQL had died; started it again");
    if (rabbit_.tend()) say_("RabbitMQ had died; started it again");
    const auto now = std::chrono::steady_clock::now();
    if (host_) {
        const auto ended = host_->wait(0ms);
        if (!ended) return;
        if (ended->exit_code == kMisconfigured && !ready())
            throw Fault(FaultKind::configuration, "dev", "the host refuses to start; its reason stands above");
        constexpr auto kStable = 10s;
        const std::chrono::milliseconds first{limits::kBackoffFirst}, most{limits::kBackoffMax};
        host_delay_ = now - host_due_ > kStable ? first : std::clamp(host_delay_ * 2, first, most);
        say_("the host ended with " + ended->text() + "; starting it again in " +
             std::to_string(host_delay_.count()) + " ms");
        host_.reset();
        host_due_ = now + host_delay_;
    }
    if (now >= host_due_) {
        processes::end_leftovers(options_.data.string(), {}, kLeftoversWithin);
        start_host();
    }
}

bool DevStack::ready() const {
    return std::filesystem::exists(ready_file());
}

void DevStack::stop() {
    if (host_) host_->stop(kHostStopGrace);
    host_.reset();
    rabbit_.stop();
    postgres_.stop();
    end_dev_leftovers(options_.data);
}

void end_dev_leftovers(const std::filesystem::path& data) {
    // The host's processes first, then the servers under them.
    for (const auto& [owner, working_directory] :
         {std::pair{data, std::filesystem::path{}}, std::pair{data / "rabbit", std::filesystem::path{}},
          std::pair{data / "postgres", data / "postgres" / "data"}})
        if (!processes::end_leftovers(owner.string(), working_directory, kLeftoversWithin))
            throw Fault(FaultKind::outage, "dev",
                        "processes of an earlier run in " + owner.string() + " cannot be ended");
}

}  // namespace lantern::apps
