#include "host/apps/operate/parked_shown.hpp"

#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/core/clock.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using postgres::KeptAttempt;
using postgres::ParkedGroup;
using postgres::ParkedStream;

json::value time_json(const std::optional<Timestamp>& time) {
    return time ? json::value(iso8601(*time)) : json::value(nullptr);
}

std::string time_text(const std::optional<Timestamp>& time) {
    return time ? iso8601(*time).substr(0, 19) + "Z" : "-";
}

// One line, cut, for a table.
std::string short_text(std::string text, std::size_t bytes_max) {
    for (char& letter : text)
        if (letter == '\n' || letter == '\r' || letter == '\t') letter = ' ';
    if (text.size() > bytes_max) text = text.substr(0, bytes_max - 3) + "...";
    return text;
}

json::value attempt_json(const KeptAttempt& attempt) {
    return json::object{{"at", iso8601(attempt.at)},  {"revision", attempt.revision.value},
                        {"attempt", attempt.attempt}, {"outcome", attempt.outcome},
                        {"error", attempt.error},     {"plugin_build", attempt.plugin_build}};
}

json::value detail_json(const ParkedDetail& detail) {
    const ParkedStream& parked = detail.stream;
    json::array attempts;
    for (const auto& attempt : detail.attempts) attempts.push_back(attempt_json(attempt));
    json::object shown{{"handler", parked.handler.value},   {"stream", parked.name()},
                       {"stream_id", parked.stream.value},  {"state", parked.state},
                       {"revision", parked.revision.value}, {"seen", parked.seen.value},
                       {"attempts", parked.attempts},       {"next_attempt_at", time_json(parked.next_attempt_at)},
                       {"since", time_json(parked.since)},  {"error", parked.error},
                       {"fingerprint", parked.fingerprint}, {"history", attempts}};
    if (parked.failing)
        shown["event"] = json::object{
            {"id", parked.event.text()}, {"type", parked.event_type}, {"revision", parked.failing->value}};
    else
        shown["event"] = nullptr;
    return shown;
}

}  // namespace

void print_groups(const std::vector<ParkedGroup>& groups) {
    if (groups.empty()) {
        std::cout << "nothing is parked" << std::endl;
        return;
    }
    std::cout << std::left << std::setw(24) << "handler" << std::setw(10) << "state" << std::right << std::setw(9)
              << "streams"
              << "  " << std::left << std::setw(22) << "since" << std::setw(22) << "next attempt" << std::setw(14)
              << "error"
              << "\n";
    for (const auto& group : groups) {
        std::cout << std::left << std::setw(24) << group.handler.value << std::setw(10) << group.state << std::right
                  << std::setw(9) << group.count << "  " << std::left << std::setw(22) << time_text(group.since)
                  << std::setw(22) << time_text(group.next_attempt_at) << std::setw(14) << group.fingerprint
                  << short_text(group.pattern, 120) << "\n"
                  << "    for example " << group.stream << ": " << short_text(group.error, 160) << "\n";
    }
    std::cout << std::flush;
}

void print_groups_json(const std::vector<ParkedGroup>& groups) {
    json::array all;
    for (const auto& group : groups)
        all.push_back(json::object{{"handler", group.handler.value},
                                   {"state", group.state},
                                   {"fingerprint", group.fingerprint},
                                   {"pattern", group.pattern},
                                   {"count", group.count},
                                   {"since", time_json(group.since)},
                                   {"next_attempt_at", time_json(group.next_attempt_at)},
                                   {"example", json::object{{"stream", group.stream}, {"error", group.error}}}});
    std::cout << json::serialize(json::object{{"groups", all}}) << std::endl;
}

void print_details(const std::vector<ParkedDetail>& details) {
    if (details.empty()) std::cout << "nothing is parked\n";
    for (const auto& [parked, attempts] : details) {
        std::cout << parked.handler.value << "  " << parked.name() << "  " << parked.state << " since "
                  << time_text(parked.since) << ", applied up to revision " << parked.revision.value
                  << ", attempts " << parked.attempts << ", next " << time_text(parked.next_attempt_at) << "\n";
        if (parked.failing)
            std::cout << "    fails: " << parked.event_type << ", revision " << parked.failing->value << ", event "
                      << parked.event.text() << "\n";
        else
            std::cout << "    nothing behind it has failed: it is caught up at the next attempt\n";
        std::cout << "    error " << parked.fingerprint << ": " << parked.error << "\n";
        for (const auto& attempt : attempts)
            std::cout << "    " << time_text(attempt.at) << "  revision " << attempt.revision.value << "  attempt "
                      << attempt.attempt << "  " << attempt.outcome << "  build "
                      << (attempt.plugin_build.empty() ? "-" : attempt.plugin_build.substr(0, 12)) << "  "
                      << short_text(attempt.error, 160) << "\n";
    }
    std::cout << std::flush;
}

void print_details_json(const std::vector<ParkedDetail>& details) {
    json::array all;
    for (const auto& detail : details) all.push_back(detail_json(detail));
    std::cout << json::serialize(json::object{{"parked", all}}) << std::endl;
}

}  // namespace lantern::apps
