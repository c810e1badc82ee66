#include "host/http/target.hpp"

#include <algorithm>
#include <boost/url.hpp>

namespace lantern::http {
namespace {

bool printable(const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// RFC 3986 §6.2.2.3: dot segments are the client's to remove. Boost drops a leading "/." unasked.
bool dotted(const Target& target) {
    return target.path.rfind("/./", 0) == 0 ||
           std::any_of(target.segments.begin(), target.segments.end(),
                       [](const std::string& segment) { return segment == "." || segment == ".."; });
}

}  // namespace

const std::string* Target::parameter(std::string_view name) const {
    for (const auto& [own, value] : parameters)
        if (own == name) return &value;
    return nullptr;
}

std::optional<Target> parse_target(std::string_view text) {
    const auto parsed = boost::urls::parse_origin_form(text);
    if (!parsed) return std::nullopt;
    Target target;
    target.path = std::string(parsed->encoded_path());
    for (const auto segment : parsed->segments()) target.segments.emplace_back(segment);
    if (!target.segments.empty() && target.segments.back().empty()) target.segments.pop_back();
    if (dotted(target)) return std::nullopt;
    if (!std::all_of(target.segments.begin(), target.segments.end(), printable)) return std::nullopt;
    for (const auto parameter : parsed->params()) {
        target.parameters.emplace_back(parameter.key, parameter.value);
        if (!printable(target.parameters.back().first) || !printable(target.parameters.back().second))
            return std::nullopt;
    }
    return target;
}

std::string encode_query(const std::vector<Parameter>& parameters) {
    std::string query;
    for (const auto& [name, value] : parameters) {
        if (!query.empty()) query += '&';
        query += boost::urls::encode(name, boost::urls::unreserved_chars);
        query += '=';
        query += boost::urls::encode(value, boost::urls::unreserved_chars);
    }
    return query;
}

std::string encode_segment(std::string_view segment) {
    return boost::urls::encode(segment, boost::urls::unreserved_chars);
}

}  // namespace lantern::http
