#include "host/plugin_loading/json_reader.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "host/core/limits.hpp"
#include "host/core/utf8.hpp"

namespace lantern::plugin_loading {
namespace {

std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string shown(const boost::json::value& value) {
    constexpr std::size_t kShownBytesMax = 60;
    std::string text = boost::json::serialize(value);
    if (text.size() > kShownBytesMax) text = std::string(utf8_cut(text, kShownBytesMax)) + "...";
    return text;
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr std::size_t kWordBytesMax = 60;
    if (word.size() > kWordBytesMax) return {};
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > limits::kNameBytesMax || text[0] < 'a' || text[0] > 'z') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void JsonReader::problem(std::string_view member, const std::string& found, const std::string& expected) {
    problems_.push_back(where_ + std::string(member) + ": found " + found + ", expected " + expected);
}

const boost::json::value* JsonReader::required(std::string_view member, const std::string& expected) {
    const auto* value = object_.if_contains(member);
    if (!value) problem(member, "nothing", expected);
    return value;
}

void JsonReader::allow_only(const std::vector<std::string_view>& members) {
    for (const auto& [key, value] : object_) {
        const std::string_view name(key.data(), key.size());
        if (std::find(members.begin(), members.end(), name) != members.end()) continue;
        std::string expected;
        for (const auto& each : members) expected += (expected.empty() ? "" : ", ") + std::string(each);
        const std::string suggestion = nearest(name, members);
        problem(name, "an unknown member",
                "one of " + expected + (suggestion.empty() ? "" : " (did you mean " + suggestion + "?)"));
    }
}

std::string JsonReader::name(std::string_view member) {
    const auto* value = required(member, std::string(kNameRule));
    if (!value) return {};
    if (!value->is_string() || !is_name(value->get_string())) {
        problem(member, shown(*value), std::string(kNameRule));
        return {};
    }
    return std::string(value->get_string());
}

std::string JsonReader::text(std::string_view member, std::size_t bytes_max) {
    const std::string expected = "text of 1 to " + std::to_string(bytes_max) + " bytes";
    const auto* value = required(member, expected);
    if (!value) return {};
    const auto* text = value->if_string();
    const bool printable =
        text && std::none_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!text || text->empty() || text->size() > bytes_max || !printable) {
        problem(member, shown(*value), expected);
        return {};
    }
    return std::string(*text);
}

std::string JsonReader::one_of(std::string_view member, const std::vector<std::string_view>& values) {
    std::string expected = "one of";
    for (const auto& each : values) expected += (&each == values.data() ? " " : ", ") + std::string(each);
    const auto* value = required(member, expected);
    if (!value) return {};
    const auto* text = value->if_string();
    if (!text || std::find(values.begin(), values.end(), std::string_view(*text)) == values.end()) {
        const std::string suggestion = text ? nearest(*text, values) : "";
        problem(member, shown(*value),
                expected + (suggestion.empty() ? "" : " (did you mean " + suggestion + "?)"));
        return {};
    }
    return std::string(*text);
}

std::vector<std::string> JsonReader::texts(std::string_view member) {
    const std::string expected = "an array of different non-empty texts";
    const auto* value = required(member, expected);
    if (!value) return {};
    std::vector<std::string> texts;
    std::set<std::string> seen;
    const auto* array = value->if_array();
    bool good = array != nullptr;
    for (std::size_t at = 0; good && at < array->size(); ++at) {
        const auto* text = (*array)[at].if_string();
        good = text && !text->empty() && seen.insert(std::string(*text)).second;
        if (good) texts.emplace_back(*text);
    }
    if (!good) {
        problem(member, shown(*value), expected);
        return {};
    }
    return texts;
}

const boost::json::array* JsonReader::array(std::string_view member) {
    const auto* value = required(member, "an array");
    if (value && !value->is_array()) problem(member, shown(*value), "an array");
    return value ? value->if_array() : nullptr;
}

const boost::json::object* JsonReader::object(std::string_view member) {
    const auto* value = required(member, "an object");
    if (value && !value->is_object()) problem(member, shown(*value), "an object");
    return value ? value->if_object() : nullptr;
}

int JsonReader::version(std::string_view member, int fallback) {
    const auto* value = object_.if_contains(member);
    if (!value) return fallback;
    const auto* number = value->if_int64();
    if (!number || *number < 1 || *number > std::numeric_limits<int>::max()) {
        problem(member, shown(*value), "an integer from 1");
        return fallback;
    }
    return static_cast<int>(*number);
}

bool JsonReader::flag(std::string_view member, bool fallback) {
    const auto* value = object_.if_contains(member);
    if (!value) return fallback;
    if (!value->is_bool()) {
        problem(member, shown(*value), "true or false");
        return fallback;
    }
    return value->get_bool();
}

}  // namespace lantern::plugin_loading
