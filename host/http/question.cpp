#include "host/http/question.hpp"

#include <algorithm>
#include <charconv>

#include "host/core/clock.hpp"

namespace lantern::http {

std::optional<std::string> Question::text(const std::string& name) {
    known_.insert(name);
    const auto* value = target_.parameter(name);
    return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::string> Question::one_of(const std::string& name, const std::vector<std::string>& choices) {
    const auto given = text(name);
    if (!given || std::find(choices.begin(), choices.end(), *given) != choices.end()) return given;
    complaint_ += name + " must be one of";
    for (const auto& choice : choices) complaint_ += (&choice == choices.data() ? " " : ", ") + choice;
    complaint_ += ". ";
    return std::nullopt;
}

std::vector<std::string> Question::texts(const std::string& name) {
    known_.insert(name);
    std::vector<std::string> values;
    for (const auto& [own, value] : target_.parameters) {
        if (own != name) continue;
        std::size_t at = 0;
        while (at <= value.size()) {
            const auto end = std::min(value.find(',', at), value.size());
            if (end > at) values.push_back(value.substr(at, end - at));
            at = end + 1;
        }
    }
    return values;
}

std::optional<std::int64_t> Question::number(const std::string& name, std::int64_t least, std::int64_t most) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    std::int64_t value = 0;
    const auto* end = given->data() + given->size();
    const auto parsed = std::from_chars(given->data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && !given->empty() && value >= least && value <= most)
        return value;
    complaint_ +=
        name + " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ". ";
    return std::nullopt;
}

std::optional<Timestamp> Question::time(const std::string& name) {
    auto given = text(name);
    if (!given) return std::nullopt;
    // A plus sign that was not encoded arrives as a space.
    std::replace(given->begin() + std::min<std::ptrdiff_t>(11, static_cast<std::ptrdiff_t>(given->size())),
                 given->end(), ' ', '+');
    const auto time = parse_iso8601(*given);
    if (!time) complaint_ += name + " must be a time like 2026-11-21T15:47:00Z. ";
    return time;
}

std::string Question::complaint() const {
    auto all = complaint_;
    for (const auto& [name, value] : target_.parameters)
        if (!known_.contains(name)) all += "There is no parameter " + name + " here. ";
    if (!all.empty()) all.pop_back();
    return all;
}

}  // namespace lantern::http
