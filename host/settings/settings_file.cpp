#include "host/settings/settings_file.hpp"

#include "host/settings/command_verbs.hpp"
#include "host/settings/http_auth.hpp"
#include "host/settings/http_routes.hpp"
#include "host/settings/mapping.hpp"
#include "host/settings/names.hpp"
#include "host/settings/version.hpp"

namespace lantern::settings {
namespace {

const std::vector<std::pair<std::string, LogSettings::Format>> kFormats{
    {"automatic", LogSettings::Format::automatic},
    {"text", LogSettings::Format::text},
    {"json", LogSettings::Format::json}};
const std::vector<std::pair<std::string, std::string>> kLevels{
    {"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}};

// One key that holds a path; `under` names the section.
void read_path(Reading& reading, Mapping& file, const std::string& section, const std::string& key,
               std::filesystem::path& into) {
    const auto node = file.take(section);
    if (!node) return;
    Mapping keys(reading, *node, section);
    if (std::string path; keys.text(key, path)) into = reading.beside(path);
    keys.refuse_unknown();
}

void read_url(Reading& reading, Mapping& file, const std::string& section, std::string& into) {
    const auto node = file.take(section);
    if (!node) return;
    Mapping keys(reading, *node, section);
    keys.text("url", into);
    keys.refuse_unknown();
}

void read_postgres(Reading& reading, const YAML::Node& node, Settings& settings) {
    Mapping keys(reading, node, "postgres");
    keys.text("url", settings.postgres_url);
    keys.boolean("handler_roles", settings.handler_roles);
    keys.refuse_unknown();
}

void read_tls(Reading& reading, const YAML::Node& node, std::optional<TlsSettings>& tls) {
    if (node.IsNull()) return;
    Mapping keys(reading, node, "http.tls");
    tls.emplace();
    for (auto [key, into] : {std::pair{"certificate", &tls->certificate}, {"key", &tls->key}}) {
        std::string path;
        if (keys.text(key, path) && !path.empty())
            *into = reading.beside(path);
        else
            reading.report(keys.node(), std::string("http.tls without ") + in_quotes(key),
                           "certificate and key: the paths of two PEM files");
    }
    keys.refuse_unknown();
}

void read_http(Reading& reading, const YAML::Node& node, HttpSettings& http) {
    using namespace std::chrono_literals;
    Mapping keys(reading, node, "http");
    keys.text("address", http.address);
    keys.integer("port", http.port, {0, 65535});
    keys.integer("processes", http.processes, {1, 64});
    keys.integer("serving", http.serving, {1, 64});
    keys.integer("threads", http.threads, {1, 256});
    keys.integer("hash_threads", http.hash_threads, {1, 64});
    keys.text("admin_token", http.admin_token);
    keys.bytes("body_max", http.body_bytes_max, {1 << 10, 64 << 20});
    keys.integer("connections", http.connections_max, {16, 100'000});
    keys.integer("waiting", http.queue_max, {1, 100'000});
    keys.duration("read_limit", http.read_limit, {1s, 600s});
    if (const auto tls = keys.take("tls")) read_tls(reading, *tls, http.tls);
    keys.boolean("access_log", http.access_log);
    keys.choice<HttpSettings::Docs>("docs", http.docs,
                                    {{"open", HttpSettings::Docs::open}, {"off", HttpSettings::Docs::off}});
    keys.texts("origins", http.origins);
    if (const auto auth = keys.take("auth")) read_auth(reading, *auth, http.auth);
    if (const auto commands = keys.take("commands")) read_commands(reading, *commands, http.commands);
    if (const auto queries = keys.take("queries")) read_queries(reading, *queries, http.queries);
    keys.refuse_unknown();
}

void read_intake(Reading& reading, const YAML::Node& node, IntakeSettings& intake) {
    using Unknown = IntakeSettings::UnknownTypes;
    Mapping keys(reading, node, "intake");
    keys.text("path", intake.path);
    keys.text("scope", intake.scope);
    keys.text("queue", intake.queue);
    keys.texts("into_aggregates", intake.into_aggregates);
    keys.choice<Unknown>("unknown_types", intake.unknown_types,
                         {{"refuse", Unknown::refuse}, {"accept", Unknown::accept}});
    keys.refuse_unknown();
    if (!intake.path.empty() && (intake.path.front() != '/' || intake.path.find('{') != std::string::npos))
        reading.report(keys.place("path"), "the path " + in_quotes(intake.path),
                       "a path like /v1/events/, or none");
    for (const auto& type : intake.into_aggregates)
        if (const auto refusal = refuse_name(type); !refusal.empty())
            reading.report(keys.place("into_aggregates"), "the aggregate type " + in_quotes(type), refusal);
    if (intake.queue.size() > 200 || intake.queue.starts_with("amq."))
        reading.report(keys.place("queue"), "the queue " + in_quotes(intake.queue),
                       "at most 200 bytes, not beginning with amq.");
}

void read_metrics(Reading& reading, const YAML::Node& node, MetricsSettings& metrics) {
    Mapping keys(reading, node, "metrics");
    keys.text("address", metrics.address);
    keys.integer("port", metrics.port, {0, 65535});
    keys.refuse_unknown();
}

// By aggregate type; what fits in there is told by the plugin's description.
void read_aggregates(Reading& reading, const YAML::Node& node, std::map<std::string, std::string>& aggregates) {
    Mapping types(reading, node, "aggregates");
    for (const auto& [type, settings] : types.entries()) {
        if (settings.IsMap())
            aggregates[type.Scalar()] = reading.json(settings);
        else
            reading.report(settings, describe(settings), "a mapping: the settings of the aggregate's plugin");
    }
}

void read_keep(Reading& reading, const YAML::Node& node, KeepSettings& keep) {
    using namespace std::chrono_literals;
    Mapping keys(reading, node, "keep");
    keys.duration("effects", keep.effects, {1h, 3650 * 24h});
    keys.duration("attempts", keep.attempts, {1h, 3650 * 24h});
    keys.refuse_unknown();
}

void read_backfill(Reading& reading, const YAML::Node& node, BackfillSettings& backfill) {
    using namespace std::chrono_literals;
    Mapping keys(reading, node, "backfill");
    keys.integer("processes", backfill.processes, {1, 64});
    keys.duration("live_lag_max", backfill.live_lag_max, {0ms, 24h});
    keys.duration("keep", backfill.keep, {0ms, 3650 * 24h});
    keys.refuse_unknown();
}

void read_log(Reading& reading, const YAML::Node& node, LogSettings& log) {
    Mapping keys(reading, node, "log");
    keys.choice("format", log.format, kFormats);
    keys.choice("level", log.level, kLevels);
    keys.refuse_unknown();
}

// What the environment says wins over the file.
class Overrides {
public:
    explicit Overrides(Reading& reading) : reading_(reading) {}

    void text(const std::string& name, std::string& into) {
        if (auto value = reading_.environment()(name)) into = std::move(*value);
    }

    void port(const std::string& name, int& into) {
        const auto value = reading_.environment()(name);
        if (!value) return;
        const auto number = parse_integer(*value);
        if (!number || *number < 0 || *number > 65535) {
            return refuse(name, *value, "a whole number from 0 to 65535");
        }
        into = static_cast<int>(*number);
    }

    template <class T>
    void choice(const std::string& name, T& into, const std::vector<std::pair<std::string, T>>& choices) {
        const auto value = reading_.environment()(name);
        if (!value) return;
        std::vector<std::string> names;
        for (const auto& [word, meaning] : choices) {
            if (word == *value) {
                into = meaning;
                return;
            }
            names.push_back(word);
        }
        refuse(name, *value, "one of " + listed(names));
    }

private:
    void refuse(const std::string& name, const std::string& value, const std::string& expected) {
        reading_.report_file("the environment variable " + name + " " + in_quotes(value), expected);
    }

    Reading& reading_;
};

void apply_overrides(Reading& reading, Settings& settings) {
    Overrides overrides(reading);
    overrides.text("LANTERN_POSTGRES_URL", settings.postgres_url);
    overrides.text("LANTERN_AMQP_URL", settings.amqp_url);
    overrides.text("LANTERN_HTTP_ADDRESS", settings.http.address);
    overrides.port("LANTERN_HTTP_PORT", settings.http.port);
    overrides.text("LANTERN_ADMIN_TOKEN", settings.http.admin_token);
    overrides.text("LANTERN_METRICS_ADDRESS", settings.metrics.address);
    overrides.port("LANTERN_METRICS_PORT", settings.metrics.port);
    std::string plugins = settings.plugin_directory.string();
    overrides.text("LANTERN_PLUGIN_DIR", plugins);
    settings.plugin_directory = plugins;
    overrides.choice("LANTERN_LOG_FORMAT", settings.log.format, kFormats);
    overrides.choice("LANTERN_LOG_LEVEL", settings.log.level, kLevels);
}

void check(Reading& reading, const Settings& settings) {
    const std::string& postgres = settings.postgres_url;
    const bool url = postgres.starts_with("postgresql://") || postgres.starts_with("postgres://");
    if (!url && postgres.find('=') == std::string::npos) {
        reading.report_file(postgres.empty() ? "no PostgreSQL server" : "a postgres url of another form",
                            "postgres: {url: postgresql://user@host:port/database}, or LANTERN_POSTGRES_URL");
    }
    if (!settings.amqp_url.starts_with("amqp://") && !settings.amqp_url.starts_with("amqps://")) {
        reading.report_file(settings.amqp_url.empty() ? "no RabbitMQ server" : "an amqp url of another form",
                            "amqp: {url: amqp://user:password@host:port/vhost}, or LANTERN_AMQP_URL");
    }
    constexpr std::size_t kTokenBytesMin = 16;
    const std::size_t token = settings.http.admin_token.size();
    if (token > 0 && token < kTokenBytesMin) {
        reading.report_file("an admin_token of " + std::to_string(token) + " bytes",
                            "at least 16, or none: then nothing that needs a token is answered");
    }
}

}  // namespace

Result<Settings, Problems> parse_settings(const std::string& text, const std::filesystem::path& file,
                                          const Environment& environment) {
    Reading reading(file, environment);
    Settings settings;
    settings.file = file;
    settings.routing_file = reading.beside("routing.yaml");
    settings.schema_directory = reading.beside("schemas");
    if (const auto root = reading.load(text)) {
        Mapping keys(reading, *root, "the settings file");
        read_version(reading, keys);
        if (const auto postgres = keys.take("postgres")) read_postgres(reading, *postgres, settings);
        read_url(reading, keys, "amqp", settings.amqp_url);
        read_path(reading, keys, "plugins", "directory", settings.plugin_directory);
        read_path(reading, keys, "routing", "file", settings.routing_file);
        read_path(reading, keys, "schemas", "directory", settings.schema_directory);
        if (const auto http = keys.take("http")) read_http(reading, *http, settings.http);
        if (const auto intake = keys.take("intake")) read_intake(reading, *intake, settings.intake);
        if (const auto metrics = keys.take("metrics")) read_metrics(reading, *metrics, settings.metrics);
        if (const auto verbs = keys.take("verbs")) read_verbs(reading, *verbs, settings.verbs);
        if (const auto types = keys.take("aggregates"))
            read_aggregates(reading, *types, settings.aggregate_settings);
        if (const auto log = keys.take("log")) read_log(reading, *log, settings.log);
        if (const auto keep = keys.take("keep")) read_keep(reading, *keep, settings.keep);
        if (const auto backfill = keys.take("backfill")) read_backfill(reading, *backfill, settings.backfill);
        keys.refuse_unknown();
        apply_overrides(reading, settings);
        if (reading.sound()) check(reading, settings);
    }
    if (!reading.sound()) return failure(reading.take_problems());
    return settings;
}

Result<Settings, Problems> read_settings(const std::filesystem::path& file, const Environment& environment) {
    std::string why_not;
    const auto text = read_text(file, why_not);
    if (!text) return failure(Problems{{file.string(), 0, 0, why_not, "the settings file", ""}});
    return parse_settings(*text, file, environment);
}

}  // namespace lantern::settings
