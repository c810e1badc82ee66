// All that one `lantern dev` runs: private servers, and the host on top of them. Data, logs and secrets lie in the
// directory: postgres/, rabbit/, log/, secrets/, mail/, cache/ (copies of plugins), http_port, lock,
// endpoints.json.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "host/apps/instance.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"

namespace lantern::apps {

class DevStack {
public:
    struct Options {
        std::filesystem::path data;  // absolute, exists
        std::filesystem::path config;
        std::filesystem::path plugins;
        std::string roles;
    };
    using Say = std::function<void(const std::string& line)>;

    DevStack(Options options, Say say);

    // Ends leftovers, starts the servers, migrates, starts the host. Fault when something does not start.
    void start();
    // Starts again what died. Call at least a few times a second.
    void tend();
    // The host says that everything it routes is running and bound.
    bool ready() const;
    // Readable by poll when the host ended.
    int host_descriptor() const { return host_ ? host_->descriptor() : -1; }
    const Endpoints& endpoints() const { return endpoints_; }
    // The host first, then its servers. Twice is fine.
    void stop();

private:
    void start_host();
    std::filesystem::path ready_file() const { return options_.data / "ready"; }

    Options options_;
    Say say_;
    Endpoints endpoints_;
    private_servers::PrivatePostgres postgres_;
    private_servers::PrivateRabbit rabbit_;
    std::unique_ptr<processes::Child> host_;  // ends before the servers
    std::chrono::steady_clock::time_point host_due_;
    std::chrono::milliseconds host_delay_{0};
};

// Ends every process that a killed `lantern dev` left in this directory. Fault when one cannot be ended.
void end_dev_leftovers(const std::filesystem::path& data);

}  // namespace lantern::apps
