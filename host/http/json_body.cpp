#include "host/http/json_body.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/core/json_numbers.hpp"

namespace lantern::http {
namespace {

// Lines and columns count from 1; a column is a character, not a byte.
std::string place_of(std::string_view body, std::size_t offset) {
    const auto before = body.substr(0, std::min(offset, body.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                          [](unsigned char c) { return (c & 0xc0) != 0x80; });
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

bool has_zero(const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::string:
            return value.get_string().find('\0') != boost::json::string::npos;
        case boost::json::kind::array:
            return std::any_of(value.get_array().begin(), value.get_array().end(), has_zero);
        case boost::json::kind::object:
            return std::any_of(value.get_object().begin(), value.get_object().end(), [](const auto& member) {
                return member.key().find('\0') != boost::json::string_view::npos || has_zero(member.value());
            });
        default:
            return false;
    }
}

}  // namespace

std::optional<std::string> refuse_body(std::string_view body) {
    unsigned char buffer[4096];
    boost::json::monotonic_resource memory(buffer);
    boost::json::parser parser(&memory);
    boost::system::error_code malformed;
    const auto taken = parser.write_some(body.data(), body.size(), malformed);
    if (malformed) return place_of(body, taken) + ": " + malformed.message();
    const auto rest = body.substr(taken).find_first_not_of(" \t\r\n");
    if (rest != std::string_view::npos) return place_of(body, taken + rest) + ": more text after the JSON value";
    const auto value = parser.release();
    if (!value.is_object()) return "a JSON object is expected";
    // PostgreSQL keeps no zero character in a text, so no key or column could hold it.
    if (body.find("\\u0000") != std::string_view::npos && has_zero(value))
        return "the character \\u0000 is not allowed";
    if (is_beyond(value)) return "a number is too large to compute with; up to 1.7e308 is";
    return std::nullopt;
}

bool accept_size(Exchange& exchange, std::size_t bytes_max) {
    if (exchange.request.body.size() <= bytes_max) return true;
    exchange.refuse({413,
                     "too-large",
                     "The body is too large",
                     "At most " + std::to_string(bytes_max) + " bytes are taken.",
                     "",
                     "",
                     {}});
    return false;
}

bool accept_body(Exchange& exchange, std::size_t bytes_max) {
    const auto& request = exchange.request;
    if (!accept_size(exchange, bytes_max)) return false;
    if (request.body.empty()) return true;
    if (!is_json(request.header("Content-Type"))) {
        exchange.refuse(
            {415, "not-json", "The body is not JSON", "Content-Type must be application/json.", "", "", {}},
            {{"Accept", "application/json"}});
        return false;
    }
    if (const auto refusal = refuse_body(request.body)) {
        exchange.refuse_malformed("The body is no JSON object: " + *refusal + ".");
        return false;
    }
    return true;
}

std::string object_of(const std::vector<Parameter>& parameters) {
    boost::json::object object;
    for (const auto& [name, value] : parameters) object[name] = value;
    return boost::json::serialize(object);
}

}  // namespace lantern::http
