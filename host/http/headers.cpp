#include "host/http/headers.hpp"

#include <strings.h>
#include <algorithm>
#include <charconv>
#include <vector>

#include "host/core/limits.hpp"

namespace lantern::http {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(at);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool equal_in_any_case(std::string_view one, std::string_view other) {
    return one.size() == other.size() && strncasecmp(one.data(), other.data(), one.size()) == 0;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

// Short and visible, so that it can stand in a log line and in an event's metadata.
bool acceptable_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 &&
           std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"'; });
}

// W3C trace context: version-trace-parent-flags, e.g. 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
bool is_traceparent(std::string_view text) {
    if (text.size() != 55 || text.substr(0, 2) == "ff") return false;
    for (std::size_t n = 0; n < text.size(); ++n) {
        const bool dash = n == 2 || n == 35 || n == 52;
        const char c = text[n];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    const auto zero = [&](std::size_t from, std::size_t size) {
        return text.substr(from, size).find_first_not_of('0') == std::string_view::npos;
    };
    return !zero(3, 32) && !zero(36, 16);
}

std::string hex(std::uint64_t value) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (int n = 15; n >= 0; --n, value >>= 4) text[static_cast<std::size_t>(n)] = kDigits[value & 15];
    return text;
}

}  // namespace

std::string etag(Revision revision) {
    return '"' + std::to_string(revision.value) + '"';
}

std::optional<command::IfMatch> if_match(const Request& request) {
    const auto header = trimmed(request.header("If-Match"));
    if (header.empty()) return std::nullopt;
    command::IfMatch condition;
    for (const auto tag : split(header, ',')) {
        if (tag == "*") condition.any = true;
        if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') continue;
        if (const auto revision = number(tag.substr(1, tag.size() - 2)))
            condition.revisions.push_back(Revision{*revision});
    }
    return condition;
}

bool if_none_match(const Request& request, const std::string& tag) {
    for (auto other : split(request.header("If-None-Match"), ',')) {
        if (other.substr(0, 2) == "W/") other.remove_prefix(2);
        if (other == tag || other == "*") return true;
    }
    return false;
}

Milliseconds preferred_wait(const Request& request) {
    for (const auto preference : split(request.header("Prefer"), ',')) {
        const auto parts = split(preference.substr(0, preference.find(';')), '=');
        if (parts.size() != 2 || !equal_in_any_case(parts[0], "wait")) continue;
        const auto seconds = number(parts[1]);
        if (!seconds || *seconds < 0) continue;
        const auto most = std::chrono::duration_cast<std::chrono::seconds>(limits::kPreferWaitMax).count();
        return std::chrono::seconds(std::min<std::int64_t>(*seconds, most));
    }
    return Milliseconds{0};
}

std::string_view bearer_token(const Request& request) {
    const auto header = trimmed(request.header("Authorization"));
    constexpr std::string_view kScheme = "bearer ";
    if (header.size() <= kScheme.size() || !equal_in_any_case(header.substr(0, kScheme.size()), kScheme)) return {};
    return trimmed(header.substr(kScheme.size()));
}

bool is_json(std::string_view content_type) {
    const auto type = trimmed(content_type.substr(0, content_type.find(';')));
    constexpr std::string_view kSuffix = "+json";
    return equal_in_any_case(type, "application/json") ||
           (type.size() > kSuffix.size() && equal_in_any_case(type.substr(type.size() - kSuffix.size()), kSuffix));
}

Trace trace_of(const Request& request, Clock& clock, Random& random) {
    Trace trace;
    const auto given = request.header("X-Request-Id");
    trace.request_id =
        acceptable_id(given) ? std::string(given) : Uuid::v7(clock.now(), random.next(), random.next()).text();
    const auto correlation = request.header("X-Correlation-Id");
    trace.correlation_id = acceptable_id(correlation) ? std::string(correlation) : trace.request_id;
    const auto traceparent = request.header("traceparent");
    trace.traceparent = is_traceparent(traceparent) ? std::string(traceparent)
                                                    : "00-" + hex(random.next() | 1) + hex(random.next()) + "-" +
                                                          hex(random.next() | 1) + "-01";
    return trace;
}

}  // namespace lantern::http
