// Which Lantern a verb is about: the one of `lantern dev --data DIR`, or the one that the configuration names.
//
// DIR/endpoints.json, written by `lantern dev` once it is ready, holds http_url, metrics_url, postgres_url,
// amqp_url, admin_token, dev_pid, config and plugins. Mode 0600: it holds passwords.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "host/core/settings.hpp"

namespace lantern::apps {

struct Endpoints {
    std::string http_url;
    std::string metrics_url;  // of the host: /metrics, /healthz, /readyz
    std::string postgres_url;
    std::string amqp_url;
    std::string admin_token;
    pid_t dev_pid = 0;
    std::filesystem::path config;
    std::filesystem::path plugins;
};

// Nothing when there are none. Fault(configuration) when the file is damaged.
std::optional<Endpoints> read_endpoints(const std::filesystem::path& data);
// Whole or not at all.
void write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints);

struct Instance {
    std::filesystem::path data;     // empty: not one of `lantern dev`
    std::filesystem::path config;   // empty: as DIR/endpoints.json says, else beside the binary
    std::filesystem::path plugins;  // empty: as DIR/endpoints.json says, else the settings, else beside the binary

    // The configuration, with servers and token of DIR/endpoints.json when `data` is given. Fault(configuration)
    // with all problems.
    Settings settings() const;
    Routing routing() const;
    std::filesystem::path config_directory() const;
    std::filesystem::path plugin_directory() const;  // by option, endpoints or place of the binary alone
    // Where private copies of plugins and remembered probes live: LANTERN_CACHE_DIR, else a place of the user's.
    std::filesystem::path cache_directory() const;
    std::optional<Endpoints> endpoints() const;  // of `data`; Fault when `data` is given and nothing runs there
};

}  // namespace lantern::apps
