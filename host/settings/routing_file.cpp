#include "host/settings/routing_file.hpp"

#include <algorithm>
#include <map>

#include "host/settings/mapping.hpp"
#include "host/settings/names.hpp"
#include "host/settings/version.hpp"

namespace lantern::settings {
namespace {

using namespace std::chrono_literals;

// Handler -> the event types routed to it, and where it is first named.
struct Routed {
    std::vector<std::string> event_types;
    YAML::Node first_mention;
};
using RoutedHandlers = std::map<std::string, Routed>;

void read_event(Reading& reading, const YAML::Node& type, const YAML::Node& handlers, RoutedHandlers& routed) {
    if (const auto refusal = refuse_event_type(type.Scalar()); !refusal.empty()) {
        reading.report(type, "the event type " + in_quotes(type.Scalar()), refusal);
    }
    if (!handlers.IsSequence()) {
        const std::string remedy = handlers.IsScalar() ? "write [" + handlers.Scalar() + "]" : "";
        reading.report(handlers, describe(handlers), "a list of handlers for " + in_quotes(type.Scalar()), remedy);
        return;
    }
    for (const auto& handler : handlers) {
        if (!handler.IsScalar()) {
            reading.report(handler, describe(handler), "the name of a handler");
            continue;
        }
        const std::string& name = handler.Scalar();
        if (const auto refusal = refuse_handler_name(name); !refusal.empty()) {
            reading.report(handler, "the handler " + in_quotes(name), refusal);
            continue;
        }
        auto& entry = routed.try_emplace(name, Routed{{}, static_cast<const YAML::Node&>(handler)}).first->second;
        if (std::find(entry.event_types.begin(), entry.event_types.end(), type.Scalar()) !=
            entry.event_types.end()) {
            reading.report(handler, "the handler " + in_quotes(name) + " a second time",
                           "each handler once for " + in_quotes(type.Scalar()));
            continue;
        }
        entry.event_types.push_back(type.Scalar());
    }
}

RoutedHandlers read_events(Reading& reading, Mapping& file) {
    RoutedHandlers routed;
    const auto events = file.require("events", "event types, each with a list of its handlers");
    if (!events) return routed;
    if (events->IsNull()) {
        reading.report(*events, "nothing under \"events\"", "event types, each with a list of its handlers",
                       "write {} if nothing is to be handled");
        return routed;
    }
    Mapping types(reading, *events, "events");
    for (const auto& [type, handlers] : types.entries()) read_event(reading, type, handlers, routed);
    return routed;
}

void read_retry(Reading& reading, const YAML::Node& node, Backoff& retry) {
    Mapping keys(reading, node, "retry");
    keys.integer("attempts", retry.attempts, {1, 1000});
    keys.duration("initial", retry.initial, {1ms, 1h});
    keys.real("factor", retry.factor, {1, 100});
    keys.duration("max", retry.max, {1ms, 7 * 24h});
    keys.choice<Backoff::Jitter>("jitter", retry.jitter,
                                 {{"none", Backoff::Jitter::none}, {"full", Backoff::Jitter::full}});
    keys.refuse_unknown();
    if (retry.max < retry.initial) {
        reading.report(keys.place("max"),
                       "max " + show_duration(retry.max) + ", less than initial " + show_duration(retry.initial),
                       "max to be at least initial");
    }
}

void read_rate(Reading& reading, Mapping& keys, std::optional<Rate>& rate) {
    const auto node = keys.take("rate");
    if (!node) return;
    const std::string expected = "a number of acts in a time: 10/s, 100/m or 5000/h (rate)";
    const auto scalar = reading.scalar(*node, expected);
    if (!scalar) return;
    rate = parse_rate(scalar->text);
    if (!rate) reading.report(*node, scalar->shown, expected);
}

void read_handler(Reading& reading, const YAML::Node& node, HandlerSettings& handler) {
    Mapping keys(reading, node, "the handler " + in_quotes(handler.name.value));
    if (keys.text("plugin", handler.plugin)) {
        if (const auto refusal = refuse_name(handler.plugin); !refusal.empty()) {
            reading.report(keys.place("plugin"), "the plugin " + in_quotes(handler.plugin), refusal);
        }
    }
    keys.integer("concurrency", handler.concurrency, {1, kBuckets});
    keys.integer("partitions", handler.partitions, {1, kBuckets});
    if (Start start{}; keys.choice<Start>("start", start, {{"beginning", Start::beginning}, {"now", Start::now}})) {
        handler.start = start;
    }
    keys.duration("time_limit", handler.time_limit, {100ms, 1h});
    keys.bytes("memory", handler.memory_bytes_max, {64 << 20, std::int64_t{64} << 30});
    if (const auto retry = keys.take("retry")) read_retry(reading, *retry, handler.retry);
    keys.choice<OnInterrupted>("on_interrupted", handler.on_interrupted,
                               {{"repeat", OnInterrupted::repeat}, {"hold", OnInterrupted::hold}});
    read_rate(reading, keys, handler.rate);
    keys.choice<QueueType>("queue_type", handler.queue_type,
                           {{"quorum", QueueType::quorum}, {"classic", QueueType::classic}});
    keys.integer("queue_length", handler.queue_length_max, {100, 10'000'000});
    keys.integer("batch", handler.batch_events_max, {1, limits::kPrefetch});
    if (const auto settings = keys.take("settings"); settings && !settings->IsNull()) {
        if (settings->IsMap()) {
            handler.settings = reading.json(*settings);
        } else {
            reading.report(*settings, describe(*settings), "a mapping (settings)");
        }
    }
    keys.refuse_unknown();
    if (handler.concurrency > handler.partitions) {
        reading.report(keys.place("concurrency"), "concurrency " + std::to_string(handler.concurrency),
                       "not more than partitions, which are " + std::to_string(handler.partitions),
                       "write partitions: " + std::to_string(handler.concurrency) + " too");
    }
}

void read_handlers(Reading& reading, Mapping& file, const RoutedHandlers& routed,
                   std::map<std::string, HandlerSettings>& handlers) {
    const auto node = file.take("handlers");
    if (!node) return;
    std::vector<std::string> names;
    for (const auto& [name, entry] : routed) names.push_back(name);
    Mapping entries(reading, *node, "handlers");
    for (const auto& [name, keys] : entries.entries()) {
        const auto handler = handlers.find(name.Scalar());
        if (handler == handlers.end()) {
            reading.report(name,
                           "settings for the handler " + in_quotes(name.Scalar()) + ", to which no event is routed",
                           names.empty() ? "a handler named under \"events\"" : "one of " + listed(names),
                           did_you_mean(name.Scalar(), names));
            HandlerSettings unrouted;  // its own keys are checked all the same
            unrouted.name = HandlerName(name.Scalar());
            read_handler(reading, keys, unrouted);
            continue;
        }
        read_handler(reading, keys, handler->second);
    }
}

std::string hash_of(const std::string& text) {
    std::string hash = Uuid::derived(Uuid{}, text).text();
    std::erase(hash, '-');
    return hash;
}

}  // namespace

Result<Routing, Problems> parse_routing(const std::string& text, const std::filesystem::path& file,
                                        const Environment& environment) {
    Reading reading(file, environment);
    Routing routing;
    if (const auto root = reading.load(text)) {
        Mapping keys(reading, *root, "the routing file");
        read_version(reading, keys);
        const RoutedHandlers routed = read_events(reading, keys);
        std::map<std::string, HandlerSettings> handlers;
        for (const auto& [name, entry] : routed) {
            HandlerSettings& handler = handlers[name];
            handler.name = HandlerName(name);
            handler.plugin = name;
            handler.event_types = entry.event_types;
            std::sort(handler.event_types.begin(), handler.event_types.end());
        }
        read_handlers(reading, keys, routed, handlers);
        keys.refuse_unknown();
        for (auto& [name, handler] : handlers) routing.handlers.push_back(std::move(handler));
    }
    if (!reading.sound()) return failure(reading.take_problems());
    routing.text = text;
    routing.hash = hash_of(text);
    return routing;
}

Result<Routing, Problems> read_routing(const std::filesystem::path& file, const Environment& environment) {
    std::string why_not;
    const auto text = read_text(file, why_not);
    if (!text) return failure(Problems{{file.string(), 0, 0, why_not, "the routing file", ""}});
    return parse_routing(*text, file, environment);
}

}  // namespace lantern::settings
