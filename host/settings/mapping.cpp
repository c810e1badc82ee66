#include "host/settings/mapping.hpp"

#include <algorithm>
#include <cstdio>

namespace lantern::settings {
namespace {

std::string show_real(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
}

}  // namespace

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

Mapping::Mapping(Reading& reading, const YAML::Node& node, std::string what)
    : reading_(reading), node_(node), what_(std::move(what)) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
        reading.report(node, describe(node), "a mapping (" + what_ + ")");
        return;
    }
    for (const auto& entry : node) {
        if (!entry.first.IsScalar()) {
            reading.report(entry.first, describe(entry.first), "a name as key of " + what_);
            continue;
        }
        const bool seen = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
            return other.first.Scalar() == entry.first.Scalar();
        });
        if (seen) {
            reading.report(entry.first, "the key " + in_quotes(entry.first.Scalar()) + " a second time",
                           "each key of " + what_ + " once");
            continue;
        }
        entries_.emplace_back(entry.first, entry.second);
    }
}

std::optional<YAML::Node> Mapping::take(const std::string& key) {
    known_.push_back(key);
    for (const auto& [name, value] : entries_) {
        if (name.Scalar() == key) return value;
    }
    return std::nullopt;
}

std::optional<YAML::Node> Mapping::require(const std::string& key, const std::string& expected) {
    auto value = take(key);
    if (!value) reading_.report(node_, what_ + " without " + in_quotes(key), expected);
    return value;
}

YAML::Node Mapping::place(const std::string& key) const {
    for (const auto& [name, value] : entries_) {
        if (name.Scalar() == key) return name;
    }
    return node_;
}

bool Mapping::text(const std::string& key, std::string& into) {
    const auto node = take(key);
    if (!node) return false;
    auto scalar = reading_.scalar(*node, "text (" + key + ")");
    if (!scalar) return false;
    into = std::move(scalar->text);
    return true;
}

bool Mapping::boolean(const std::string& key, bool& into) {
    return choice(key, into, std::vector<std::pair<std::string, bool>>{{"true", true}, {"false", false}});
}

bool Mapping::rate(const std::string& key, Rate& into) {
    const auto node = take(key);
    if (!node) return false;
    const std::string expected = "so many in a time: 10/s, 100/m or 5000/h (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return false;
    const auto rate = parse_rate(scalar->text);
    if (rate)
        into = *rate;
    else
        reading_.report(*node, scalar->shown, expected);
    return rate.has_value();
}

bool Mapping::texts(const std::string& key, std::vector<std::string>& into) {
    const auto node = take(key);
    if (!node) return false;
    const std::string expected = "a list of texts (" + key + ")";
    if (!node->IsSequence()) {
        reading_.report(*node, describe(*node), expected);
        return false;
    }
    into.clear();
    for (const auto& item : *node)
        if (const auto scalar = reading_.scalar(item, expected)) into.push_back(scalar->text);
    return true;
}

std::optional<std::int64_t> Mapping::integer_of(const std::string& key, Bounds<std::int64_t> bounds) {
    const auto node = take(key);
    if (!node) return std::nullopt;
    const std::string expected = "a whole number from " + std::to_string(bounds.least) + " to " +
                                 std::to_string(bounds.most) + " (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return std::nullopt;
    const auto number = parse_integer(scalar->text);
    if (!number || *number < bounds.least || *number > bounds.most) {
        reading_.report(*node, scalar->shown, expected);
        return std::nullopt;
    }
    return number;
}

bool Mapping::real(const std::string& key, double& into, Bounds<double> bounds) {
    const auto node = take(key);
    if (!node) return false;
    const std::string expected =
        "a number from " + show_real(bounds.least) + " to " + show_real(bounds.most) + " (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return false;
    const auto number = parse_real(scalar->text);
    if (!number || *number < bounds.least || *number > bounds.most) {
        reading_.report(*node, scalar->shown, expected);
        return false;
    }
    into = *number;
    return true;
}

bool Mapping::duration(const std::string& key, std::chrono::milliseconds& into,
                       Bounds<std::chrono::milliseconds> bounds) {
    const auto node = take(key);
    if (!node) return false;
    const std::string expected = "a duration from " + show_duration(bounds.least) + " to " +
                                 show_duration(bounds.most) + ", with its unit ms, s, m, h or d (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return false;
    const auto duration = parse_duration(scalar->text);
    if (!duration || *duration < bounds.least || *duration > bounds.most) {
        const auto bare = parse_integer(scalar->text);
        reading_.report(*node, scalar->shown, expected,
                        bare && *bare >= 0 ? "write " + scalar->text + "s or " + scalar->text + "ms" : "");
        return false;
    }
    into = *duration;
    return true;
}

bool Mapping::bytes(const std::string& key, std::size_t& into, Bounds<std::int64_t> bounds) {
    const auto node = take(key);
    if (!node) return false;
    const std::string expected = "a size from " + show_bytes(bounds.least) + " to " + show_bytes(bounds.most) +
                                 ", with its unit B, KiB, MiB or GiB (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return false;
    const auto size = parse_bytes(scalar->text);
    if (!size || *size < bounds.least || *size > bounds.most) {
        reading_.report(*node, scalar->shown, expected);
        return false;
    }
    into = static_cast<std::size_t>(*size);
    return true;
}

std::optional<std::size_t> Mapping::choice_of(const std::string& key, const std::vector<std::string>& names) {
    const auto node = take(key);
    if (!node) return std::nullopt;
    const std::string expected = "one of " + listed(names) + " (" + key + ")";
    const auto scalar = reading_.scalar(*node, expected);
    if (!scalar) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), scalar->text);
    if (found == names.end()) {
        reading_.report(*node, scalar->shown, expected, did_you_mean(scalar->text, names));
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - names.begin());
}

void Mapping::refuse_unknown() {
    for (const auto& [name, value] : entries_) {
        const std::string& key = name.Scalar();
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
        reading_.report(name, "the unknown key " + in_quotes(key) + " in " + what_, "one of " + listed(known_),
                        did_you_mean(key, known_));
    }
}

}  // namespace lantern::settings
