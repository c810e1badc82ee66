#include "host/http/deliveries.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "host/core/clock.hpp"

namespace lantern::http {
namespace {

namespace json = boost::json;

const char* name_of(Delivery::State state) {
    static constexpr const char* kNames[] = {"pending", "processing", "applied", "retrying", "dead", "suppressed"};
    return kNames[static_cast<int>(state)];
}

void collect_texts(const json::value& value, std::set<std::string>& texts) {
    if (const auto* text = value.if_string()) {
        texts.emplace(text->c_str(), text->size());
    } else if (const auto* array = value.if_array()) {
        for (const auto& item : *array) collect_texts(item, texts);
    } else if (const auto* object = value.if_object()) {
        for (const auto& member : *object) collect_texts(member.value(), texts);
    }
}

std::set<std::string> texts_of(std::string_view text) {
    std::set<std::string> texts;
    boost::system::error_code malformed;
    const auto value = json::parse(text, malformed);
    if (!malformed) collect_texts(value, texts);
    return texts;
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value() : json::value(text);
}

json::value time_or_null(const std::optional<Timestamp>& time) {
    return time ? json::value(iso8601(*time)) : json::value();
}

}  // namespace

std::string without_hidden(std::string text, std::string_view data, std::string_view shown) {
    constexpr std::size_t kShortest = 4;
    const auto open = texts_of(shown);
    std::vector<std::string> hidden;
    for (const auto& one : texts_of(data))
        if (one.size() >= kShortest && !open.contains(one)) hidden.push_back(one);
    // The longest first: one may be a part of another.
    std::sort(hidden.begin(), hidden.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const auto& one : hidden)
        for (auto at = text.find(one); at != std::string::npos; at = text.find(one, at))
            text.replace(at, one.size(), "***");
    return text;
}

std::string deliveries_text(const DeliveriesAnswer& answer, std::string_view shown) {
    const auto& event = answer.event;
    json::object body;
    body["event"] = {{"id", event.id.text()},
                     {"type", event.type},
                     {"aggregate_type", event.aggregate_type},
                     {"aggregate_id", event.aggregate_id},
                     {"revision", event.revision.value},
                     {"recorded_at", iso8601(event.recorded_at)},
                     {"published", answer.published}};
    auto& deliveries = body["deliveries"].emplace_array();
    for (const auto& of : answer.deliveries)
        deliveries.push_back({{"handler", of.handler},
                              {"kind", of.kind},
                              {"state", name_of(of.state)},
                              {"reason", text_or_null(of.reason)},
                              {"attempts", of.attempts},
                              {"last_error", text_or_null(without_hidden(of.error, event.data, shown))},
                              {"next_attempt_at", time_or_null(of.next_attempt_at)},
                              {"since", time_or_null(of.since)},
                              {"plugin", json::object{{"name", of.plugin},
                                                      {"version", of.plugin_version},
                                                      {"build", text_or_null(of.plugin_build)}}}});
    return json::serialize(body);
}

}  // namespace lantern::http
