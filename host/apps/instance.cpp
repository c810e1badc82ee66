#include "host/apps/instance.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "host/core/fault.hpp"
#include "host/private_servers/place.hpp"
#include "host/settings/routing_file.hpp"
#include "host/settings/settings_file.hpp"

namespace lantern::apps {
namespace {

constexpr const char* kEndpointsFile = "endpoints.json";

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "configuration", why);
}

std::filesystem::path binary_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

// An installation has bin/, share/ and lib/ side by side; a build has build/<preset>/bin and the source above it.
std::filesystem::path first_directory(const std::vector<std::filesystem::path>& candidates) {
    for (const auto& candidate : candidates)
        if (std::filesystem::is_directory(candidate)) return std::filesystem::canonical(candidate);
    return candidates.front();
}

settings::Environment environment_of(const std::optional<Endpoints>& endpoints) {
    const auto process = settings::process_environment();
    if (!endpoints) return process;
    std::map<std::string, std::string> known{{"LANTERN_POSTGRES_URL", endpoints->postgres_url},
                                             {"LANTERN_AMQP_URL", endpoints->amqp_url},
                                             {"LANTERN_ADMIN_TOKEN", endpoints->admin_token}};
    const auto colon = endpoints->http_url.rfind(':');
    if (colon != std::string::npos) known["LANTERN_HTTP_PORT"] = endpoints->http_url.substr(colon + 1);
    return [known, process](const std::string& name) -> std::optional<std::string> {
        const auto found = known.find(name);
        return found == known.end() ? process(name) : found->second;
    };
}

}  // namespace

std::optional<Endpoints> read_endpoints(const std::filesystem::path& data) {
    const std::string text = private_servers::read_file(data / kEndpointsFile);
    if (text.empty()) return std::nullopt;
    boost::system::error_code error;
    const auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) refuse((data / kEndpointsFile).string() + " is not a JSON object");
    const auto& object = parsed.get_object();
    const auto member = [&](const char* name) {
        const auto* value = object.if_contains(name);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    Endpoints endpoints{.http_url = member("http_url"),
                        .metrics_url = member("metrics_url"),
                        .postgres_url = member("postgres_url"),
                        .amqp_url = member("amqp_url"),
                        .admin_token = member("admin_token"),
                        .dev_pid = 0,
                        .config = member("config"),
                        .plugins = member("plugins")};
    if (const auto* pid = object.if_contains("dev_pid"); pid && pid->is_int64())
        endpoints.dev_pid = static_cast<pid_t>(pid->get_int64());
    return endpoints;
}

void write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints) {
    const boost::json::object object{
        {"http_url", endpoints.http_url},         {"metrics_url", endpoints.metrics_url},
        {"postgres_url", endpoints.postgres_url}, {"amqp_url", endpoints.amqp_url},
        {"admin_token", endpoints.admin_token},   {"dev_pid", endpoints.dev_pid},
        {"config", endpoints.config.string()},    {"plugins", endpoints.plugins.string()}};
    private_servers::write_private_file(data / kEndpointsFile, boost::json::serialize(object) + "\n", {});
}

std::optional<Endpoints> Instance::endpoints() const {
    if (data.empty()) return std::nullopt;
    auto endpoints = read_endpoints(data);
    if (!endpoints)
        refuse("nothing runs in " + data.string() + "; start it with: lantern dev --data " + data.string());
    return endpoints;
}

std::filesystem::path Instance::config_directory() const {
    if (!config.empty()) return std::filesystem::absolute(config);
    if (const auto known = endpoints(); known && !known->config.empty()) return known->config;
    return first_directory(
        {binary_directory() / "../share/lantern/config", binary_directory() / "../../../config"});
}

std::filesystem::path Instance::plugin_directory() const {
    if (!plugins.empty()) return std::filesystem::absolute(plugins);
    if (const auto known = endpoints(); known && !known->plugins.empty()) return known->plugins;
    return first_directory({binary_directory() / "../lib/lantern/plugins", binary_directory() / "../plugins"});
}

std::filesystem::path Instance::cache_directory() const {
    if (!data.empty()) return std::filesystem::absolute(data) / "cache";
    if (const char* named = std::getenv("LANTERN_CACHE_DIR")) return named;
    if (geteuid() == 0) return "/var/cache/lantern";
    if (const char* xdg = std::getenv("XDG_CACHE_HOME")) return std::filesystem::path(xdg) / "lantern";
    if (const char* home = std::getenv("HOME")) return std::filesystem::path(home) / ".cache/lantern";
    refuse("no place for copies of plugins: set LANTERN_CACHE_DIR to a directory");
}

Settings Instance::settings() const {
    const auto read = settings::read_settings(config_directory() / "lantern.yaml", environment_of(endpoints()));
    if (!read) refuse("\n" + settings::text(read.error()));
    Settings found = read.value();
    if (found.plugin_directory.empty() || !plugins.empty() || !data.empty())
        found.plugin_directory = plugin_directory();
    return found;
}

Routing Instance::routing() const {
    const auto read = settings::read_routing(settings().routing_file, settings::process_environment());
    if (!read) refuse("\n" + settings::text(read.error()));
    return read.value();
}

}  // namespace lantern::apps
