// lantern refused: messages of the intake queue that were not taken, and why.
//   lantern refused list  [--limit 20] [--body]     the oldest; they stay where they are
//   lantern refused retry [--limit N]               back into the queue, once the cause is mended
#include <boost/json.hpp>
#include <iostream>

#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/rabbitmq/intake_queue.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using intake::Message;
using rabbitmq::IntakeQueue;

struct Words {
    std::size_t limit = 20;
    bool body = false;
    std::string format = "table";
};

IntakeQueue queue_of(const Settings& settings) {
    if (settings.intake.queue.empty())
        throw Fault(FaultKind::configuration, "refused", "the setting intake.queue names no queue");
    return {settings.amqp_url,
            settings.intake.queue,
            {.in_hand_max = intake::in_hand_max(settings.http.body_bytes_max)}};
}

json::value parsed(const std::string& text) {
    json::error_code error;
    auto value = json::parse(text, error);
    return error ? json::value(nullptr) : value;
}

std::string text_of(const json::value& object, const std::string& name) {
    const auto* members = object.if_object();
    const auto* value = members ? members->if_contains(name) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// What can be said of the event without its data, which may hold secrets.
std::string event_of(const Message& message) {
    const auto body = parsed(message.body);
    std::string words;
    for (const std::string name : {"type", "subject", "source", "id"}) {
        auto value = text_of(body, name);
        for (const auto& [key, header] : message.headers)
            if (value.empty() && (key == "cloudEvents:" + name || key == "cloudEvents_" + name)) value = header;
        if (!value.empty()) words += (words.empty() ? "" : ", ") + name + " " + value;
    }
    const std::string size = std::to_string(message.body.size()) + " bytes of " +
                             (message.content_type.empty() ? "no content type" : message.content_type);
    return words.empty() ? size : words + ", " + size;
}

void print(const Message& message, const Words& words) {
    const auto reason = IntakeQueue::reason_of(message);
    const auto problem = parsed(reason);
    std::cout << event_of(message) << "\n";
    const auto* errors = problem.is_object() ? problem.get_object().if_contains("errors") : nullptr;
    if (errors && errors->is_array()) {
        for (const auto& error : errors->get_array())
            std::cout << "    " << text_of(error, "pointer") << ": " << text_of(error, "detail") << "\n";
    } else {
        std::cout << "    " << (problem.is_object() ? text_of(problem, "detail") : reason) << "\n";
    }
    if (words.body) std::cout << message.body << "\n";
}

json::value shown(const Message& message, const Words& words) {
    const auto reason = IntakeQueue::reason_of(message);
    const auto problem = parsed(reason);
    json::object headers;
    for (const auto& [name, value] : message.headers)
        if (value != reason) headers[name] = value;
    json::object all{{"content_type", message.content_type},
                     {"headers", std::move(headers)},
                     {"bytes", message.body.size()},
                     {"problem", problem.is_object() ? problem : json::value(reason)}};
    if (words.body) all["body"] = message.body;
    return all;
}

int list(const Instance& at, const Words& words) {
    const auto queue = queue_of(at.settings());
    if (words.format == "json") {
        json::array all;
        queue.see_refused(words.limit, [&](const Message& message) { all.push_back(shown(message, words)); });
        std::cout << json::serialize(all) << std::endl;
        return 0;
    }
    const auto count = queue.see_refused(words.limit, [&](const Message& message) { print(message, words); });
    std::cout << count << " refused messages shown" << std::endl;
    return 0;
}

int retry(const Instance& at, const Words& words) {
    std::cout << queue_of(at.settings()).put_back(words.limit) << " messages are back in the queue" << std::endl;
    return 0;
}

}  // namespace

void add_refused(Verbs& verbs) {
    auto& group = verbs.add_group("refused", "look at messages that the intake refused, and put them back");
    const auto listing = std::make_shared<Words>();
    auto& shown = verbs.add_to(group, "list", "the oldest refused messages, and why; they stay where they are",
                               [listing](const Instance& at) { return list(at, *listing); });
    shown.add_option("--limit", listing->limit, "at most so many (default 20)")
        ->check(CLI::Range(1, int{limits::kIntakePrefetch}));
    shown.add_flag("--body", listing->body, "with the bodies, which may hold secrets");
    shown.add_option("-o,--output", listing->format, "table or json")->check(CLI::IsMember({"table", "json"}));
    const auto retrying = std::make_shared<Words>();
    retrying->limit = 1'000'000;
    verbs
        .add_to(group, "retry", "put them back into the queue, the oldest first",
                [retrying](const Instance& at) { return retry(at, *retrying); })
        .add_option("--limit", retrying->limit, "at most so many (default: all)")
        ->check(CLI::Range(1, 1'000'000));
}

}  // namespace lantern::apps
