// The body of a command: a JSON object, or why it is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/exchange.hpp"
#include "host/http/target.hpp"

namespace lantern::http {

// Nothing: it is a JSON object that the store can keep. Else what is wrong, with line and column.
std::optional<std::string> refuse_body(std::string_view body);

// Whether it is of a bounded size. If not, it is refused.
bool accept_size(Exchange& exchange, std::size_t bytes_max);
// Whether the body can be taken: of a bounded size, JSON, well-formed, or none at all. If not, it is refused.
bool accept_body(Exchange& exchange, std::size_t bytes_max);

// A command without a body takes its fields from the query.
std::string object_of(const std::vector<Parameter>& parameters);

}  // namespace lantern::http
