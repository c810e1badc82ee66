// The target of a request, taken apart: decoded path segments and query parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lantern::http {

using Parameter = std::pair<std::string, std::string>;  // name, value

struct Target {
    std::string path;                   // as sent
    std::vector<std::string> segments;  // decoded; a slash at the end makes none
    std::vector<Parameter> parameters;  // decoded, in order

    const std::string* parameter(std::string_view name) const;  // the first; nullptr: none
};

// Nothing when it is no path with query, or holds control characters or dot segments ("." and "..", encoded or
// not).
std::optional<Target> parse_target(std::string_view target);

// name=value&..., encoded.
std::string encode_query(const std::vector<Parameter>& parameters);
std::string encode_segment(std::string_view segment);

}  // namespace lantern::http
