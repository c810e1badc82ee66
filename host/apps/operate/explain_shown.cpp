#include "host/apps/operate/explain_shown.hpp"

#include <boost/json.hpp>
#include <iostream>

#include "host/core/clock.hpp"
#include "host/core/state_words.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::Explained;
using postgres::ExplainedEvent;

std::string name_of(const ExplainedEvent& event) {
    return event.aggregate_type + "/" + event.aggregate_id;
}

std::string time_text(Timestamp time) {
    return iso8601(time).substr(0, 19) + "Z";
}

json::value maybe_time(const std::optional<Timestamp>& time) {
    return time ? json::value(iso8601(*time)) : json::value(nullptr);
}

json::value maybe_position(const std::optional<Position>& position) {
    return position ? json::value(position->value) : json::value(nullptr);
}

std::string seconds(Milliseconds time) {
    const auto tenths = time.count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string events(std::int64_t count) {
    return std::to_string(count) + (count == 1 ? " event" : " events");
}

// Why the handler does not want it.
std::string not_routed(const Explained& one, About about) {
    const std::string what = about == About::event ? "it" : "any event of this stream";
    if (one.route == "not_begun")
        return "Not routed yet: its route begins once the handler's queues are bound, with what comes then.";
    if (one.route == "before" && one.route_begin)
        return "Does not want " + what + ": its route begins after position " +
               std::to_string(one.route_begin->value) + ".";
    if (one.route == "after" && one.route_end)
        return "Does not want " + what + ": its route ended at position " + std::to_string(one.route_end->value) +
               ".";
    return "Does not want " + what + ": no route brings " + (about == About::event ? "this type" : "these types") +
           " to it.";
}

std::string failure_of(const Explained& one) {
    std::string text = one.first ? "revision " + std::to_string(one.first->revision.value) + " (" +
                                       one.first->type + ", event " + one.first->id.text() + ")"
                                 : std::string("an event that is no longer wanted");
    text += " failed";
    if (one.attempts > 0) text += " " + std::to_string(one.attempts) + (one.attempts == 1 ? " time" : " times");
    if (one.failed_since) text += ", first at " + time_text(*one.failed_since);
    return text;
}

std::string parked_verbs(const Explained& one, const ExplainedEvent& event) {
    const std::string of = name_of(event) + " --handler " + one.handler.value;
    return "\n    to try again: lantern parked retry " + of + "\n    to pass over it: lantern parked skip " + of +
           " --reason \"...\"";
}

std::string verdict_text(const Explained& one, const ExplainedEvent& event, About about) {
    const std::string last_error = "\n    last error: " + (one.error.empty() ? "(none kept)" : one.error);
    const std::string also = one.waiting > 1 ? "; " + events(one.waiting - 1) + " behind it wait" : "";
    if (one.verdict == "not_routed") return not_routed(one, about);
    if (one.verdict == "skipped")
        return "Skipped: an operator passed over it; `lantern parked show` has the reason.";
    if (one.verdict == "applied")
        return about == About::event
                   ? "Applied: the handler's checkpoint is revision " + std::to_string(one.checkpoint.value) + "."
                   : "Up to date: everything routed to it is applied, checkpoint revision " +
                         std::to_string(one.checkpoint.value) + ".";
    if (one.verdict == "retrying")
        return "Retrying: " + failure_of(one) + also +
               ". Next attempt: " + (one.next_attempt_at ? time_text(*one.next_attempt_at) : "at once") + "." +
               last_error + parked_verbs(one, event);
    if (one.verdict == "dead")
        return "Dead: " + failure_of(one) + also + ". Nothing is tried again by itself." + last_error +
               parked_verbs(one, event);
    if (one.verdict == "behind")
        return "Waits behind an earlier event of its stream: " + failure_of(one) + "." + last_error +
               parked_verbs(one, event);
    return "Pending: " + events(one.waiting) + " of the stream wait" +
           (one.oldest_waiting ? ", the oldest since " + time_text(*one.oldest_waiting) : "") +
           "; the checkpoint is revision " + std::to_string(one.checkpoint.value) + ".";
}

std::string worker_text(const Explained& one) {
    std::string text = "Partition " + std::to_string(one.partition.value) + " is ";
    if (!one.worker) return text + "held by no worker.";
    const auto& worker = *one.worker;
    text += "held by process " + std::to_string(worker.pid) + " on " + worker.host + ", plugin build " +
            worker.plugin_build.substr(0, 12) + ", " +
            (worker.alive ? "alive: its last heartbeat was " : "which is taken for dead: its last heartbeat was ") +
            seconds(worker.seen) + " ago";
    if (!worker.note.empty()) text += "; it waits for: " + worker.note;
    return text + (one.fed ? "." : "; it is still fed from the store.");
}

json::value explained_json(const Explained& one) {
    json::object shown{{"handler", one.handler.value},
                       {"kind", one.kind},
                       {"plugin", one.plugin},
                       {"plugin_version", one.plugin_version},
                       {"generation", one.generation.value},
                       {"state", one.state},
                       {"state_reason", one.state_reason},
                       {"state_since", iso8601(one.state_since)},
                       {"verdict", one.verdict},
                       {"route", one.route},
                       {"route_begin", maybe_position(one.route_begin)},
                       {"route_end", maybe_position(one.route_end)},
                       {"checkpoint", one.checkpoint.value},
                       {"waiting", one.waiting},
                       {"oldest_waiting_at", maybe_time(one.oldest_waiting)},
                       {"failed_since", maybe_time(one.failed_since)},
                       {"attempts", one.attempts},
                       {"next_attempt_at", maybe_time(one.next_attempt_at)},
                       {"error", one.error},
                       {"partition", one.partition.value},
                       {"fed", one.fed},
                       {"first_waiting", nullptr},
                       {"effect", nullptr},
                       {"worker", nullptr}};
    if (one.first)
        shown["first_waiting"] = json::object{
            {"revision", one.first->revision.value}, {"event", one.first->id.text()}, {"type", one.first->type}};
    if (one.effect)
        shown["effect"] = json::object{
            {"state", one.effect->state}, {"attempt", one.effect->attempt}, {"note", one.effect->note}};
    if (one.worker)
        shown["worker"] = json::object{{"host", one.worker->host},
                                       {"pid", one.worker->pid},
                                       {"plugin_build", one.worker->plugin_build},
                                       {"alive", one.worker->alive},
                                       {"heartbeat_ms", one.worker->seen.count()},
                                       {"waits_for", one.worker->note}};
    return shown;
}

}  // namespace

std::string how_it_ends(const std::string& state, const std::string& handler) {
    for (const auto& [word, ends] : state_words::kHandler) {
        if (word != state) continue;
        std::string text(ends);
        if (const auto at = text.find("{}"); at != std::string::npos) text.replace(at, 2, handler);
        return text;
    }
    return {};
}

void print_explained(About about, const ExplainedEvent& event, const std::vector<Explained>& handlers) {
    if (about == About::event)
        std::cout << "Event " << event.id.text() << " is " << event.type << ", revision " << event.revision.value
                  << " of " << name_of(event) << " (whose head is " << event.head.value << "), position "
                  << event.position.value << ", recorded " << time_text(event.recorded_at) << ".\n"
                  << (event.published ? "The relay has published it.\n" : "The relay has not published it yet.\n");
    else
        std::cout << name_of(event) << " is stream " << event.stream.value << ", at revision " << event.head.value
                  << ": " << event.type << ", recorded " << time_text(event.recorded_at) << ".\n"
                  << (event.published ? "The relay has published that event.\n"
                                      : "The relay has not published that event yet.\n");
    if (handlers.empty()) std::cout << "\nNo handler is routed.\n";
    for (const auto& one : handlers) {
        std::cout << "\n"
                  << one.handler.value << " (" << one.kind << ", plugin " << one.plugin << " " << one.plugin_version
                  << ", generation " << one.generation.value << ")\n  " << verdict_text(one, event, about) << "\n";
        if (one.effect)
            std::cout << "  Its ledger: " << one.effect->state << ", attempt " << one.effect->attempt
                      << (one.effect->note.empty() ? "" : ", " + one.effect->note) << ".\n";
        if (one.state != "attached") {
            const auto ends = how_it_ends(one.state, one.handler.value);
            std::cout << "  The handler is " << one.state << " since " << time_text(one.state_since)
                      << (one.state_reason.empty() ? "" : ", " + one.state_reason)
                      << (ends.empty() ? "." : "; " + ends + ".") << "\n";
        }
        std::cout << "  " << worker_text(one) << "\n";
    }
    std::cout << std::flush;
}

void print_explained_json(About about, const ExplainedEvent& event, const std::vector<Explained>& handlers) {
    json::object document{
        {"stream", name_of(event)}, {"stream_id", event.stream.value}, {"head", event.head.value}};
    document[about == About::event ? "event" : "newest_event"] =
        json::object{{"id", event.id.text()},
                     {"type", event.type},
                     {"schema_version", event.schema_version},
                     {"revision", event.revision.value},
                     {"position", event.position.value},
                     {"recorded_at", iso8601(event.recorded_at)},
                     {"published", event.published}};
    json::array all;
    for (const auto& one : handlers) all.push_back(explained_json(one));
    document["handlers"] = std::move(all);
    std::cout << json::serialize(document) << std::endl;
}

}  // namespace lantern::apps
