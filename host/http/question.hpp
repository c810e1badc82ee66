// The query parameters of a request, taken one by one; whatever is malformed or unknown is told at once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/core/identifiers.hpp"
#include "host/http/target.hpp"

namespace lantern::http {

class Question {
public:
    explicit Question(const Target& target) : target_(target) {}

    std::optional<std::string> text(const std::string& name);
    std::optional<std::string> one_of(const std::string& name, const std::vector<std::string>& choices);
    std::vector<std::string> texts(const std::string& name);  // name=a&name=b, or name=a,b
    std::optional<std::int64_t> number(const std::string& name, std::int64_t least, std::int64_t most);
    std::optional<Timestamp> time(const std::string& name);  // RFC 3339

    // What is wrong; empty: nothing. Call when all known parameters were taken.
    std::string complaint() const;

private:
    const Target& target_;
    std::set<std::string> known_;
    std::string complaint_;
};

}  // namespace lantern::http
