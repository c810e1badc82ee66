#include "host/schemas/wording.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "host/schemas/references.hpp"

namespace lantern::schemas {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 32;  // of references that lead to references
constexpr std::size_t kListedMax = 20;

using Views = std::vector<const json::object*>;  // all schemas that describe one value

void append(const json::value& root, const json::value& schema, Views& views, int depth = 0) {
    const auto* object = schema.if_object();
    if (object == nullptr || depth > kDepthMax) return;
    if (std::find(views.begin(), views.end(), object) != views.end()) return;
    views.push_back(object);
    if (const auto* reference = object->if_contains("$ref"); reference != nullptr && reference->is_string()) {
        if (const auto* target = find_reference(root, reference->get_string()))
            append(root, *target, views, depth + 1);
    }
    for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
        const auto* parts = object->if_contains(keyword);
        if (parts == nullptr || !parts->is_array()) continue;
        for (const auto& part : parts->get_array()) append(root, part, views, depth + 1);
    }
}

void append_inside(const json::value& root, const json::object& view, const std::string& token, Views& views) {
    const auto* properties = view.if_contains("properties");
    if (properties != nullptr && properties->is_object()) {
        if (const auto* property = properties->get_object().if_contains(token))
            return append(root, *property, views);
    }
    for (const char* keyword : {"additionalProperties", "items"})
        if (const auto* inside = view.if_contains(keyword)) append(root, *inside, views);
}

Views views_at(const json::value& root, const std::vector<std::string>& place) {
    Views views;
    append(root, root, views);
    for (const auto& token : place) {
        Views inside;
        for (const auto* view : views) append_inside(root, *view, token, inside);
        views = std::move(inside);
    }
    return views;
}

const json::value* value_at(const json::value& document, const std::vector<std::string>& place) {
    const json::value* at = &document;
    for (const auto& token : place) {
        const json::value* next = nullptr;
        if (const auto* object = at->if_object()) next = object->if_contains(token);
        if (const auto* array = at->if_array()) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
            if (error == std::errc{} && end == token.data() + token.size() && index < array->size())
                next = &(*array)[index];
        }
        if (next == nullptr) return nullptr;
        at = next;
    }
    return at;
}

const json::value* keyword(const Views& views, const char* name) {
    for (const auto* view : views)
        if (const auto* value = view->if_contains(name)) return value;
    return nullptr;
}

std::string joined(const std::vector<std::string>& words, const std::string& last) {
    std::string out;
    for (std::size_t n = 0; n < words.size() && n < kListedMax; ++n) {
        if (n > 0) out += n + 1 == words.size() ? last : ", ";
        out += words[n];
    }
    if (words.size() > kListedMax) out += ", ...";
    return out;
}

std::string word_of_type(std::string_view type) {
    if (type == "string") return "text";
    if (type == "integer") return "a whole number";
    if (type == "number") return "a number";
    if (type == "boolean") return "true or false";
    if (type == "array") return "a list";
    if (type == "object") return "an object";
    return std::string(type);
}

std::string kind_of(const json::value& found) {
    if (found.is_null()) return "null";
    if (found.is_string()) return "text";
    if (found.is_bool()) return found.get_bool() ? "true" : "false";
    if (found.is_array()) return "a list";
    if (found.is_object()) return "an object";
    return found.is_double() ? "a number" : "a whole number";
}

std::string type_words(const Views& views, const json::value* found) {
    std::vector<std::string> words;
    if (const auto* type = keyword(views, "type")) {
        if (type->is_string()) words.push_back(word_of_type(type->get_string()));
        if (const auto* types = type->if_array())
            for (const auto& one : *types)
                if (one.is_string()) words.push_back(word_of_type(one.get_string()));
    }
    if (words.empty()) return "is of a type that is not allowed here";
    return "must be " + joined(words, " or ") + (found != nullptr ? ", not " + kind_of(*found) : "");
}

std::string enum_words(const Views& views) {
    std::vector<std::string> words;
    if (const auto* values = keyword(views, "enum"); values != nullptr && values->is_array())
        for (const auto& value : values->get_array())
            words.push_back(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    return words.empty() ? "is none of the values that are allowed here" : "must be " + joined(words, " or ");
}

std::string known_words(const Views& views) {
    std::vector<std::string> words;
    for (const auto* view : views)
        if (const auto* properties = view->if_contains("properties"); properties && properties->is_object())
            for (const auto& property : properties->get_object()) words.emplace_back(property.key());
    return words.empty() ? "is not known here" : "is not known here; there are " + joined(words, " and ");
}

// "1.000000", as std::to_string has it.
std::string number_of(std::string text) {
    if (text.find('.') == std::string::npos) return text;
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string counted(const std::string& number, const std::string& thing, const std::string& things) {
    return number + " " + (number == "1" ? thing : things);
}

// What stands between the two in `text`; nothing: it is another text.
std::optional<std::string> between(const std::string& text, std::string_view before, std::string_view after) {
    if (!text.starts_with(before) || !text.ends_with(after) || text.size() < before.size() + after.size())
        return std::nullopt;
    return text.substr(before.size(), text.size() - before.size() - after.size());
}

std::string of_size(const std::string& text) {
    if (const auto n = between(text, "String should be no fewer than ", " characters in length."))
        return "must have at least " + counted(*n, "character", "characters");
    if (const auto n = between(text, "String should be no more than ", " characters in length."))
        return "must have at most " + counted(*n, "character", "characters");
    if (const auto n = between(text, "Array should contain no fewer than ", " elements."))
        return "must have at least " + counted(*n, "item", "items");
    if (const auto n = between(text, "Array should contain no more than ", " elements."))
        return "must have at most " + counted(*n, "item", "items");
    if (const auto n = between(text, "Object should have no fewer than ", " properties."))
        return "must have at least " + counted(*n, "field", "fields");
    if (const auto n = between(text, "Object should have no more than ", " properties."))
        return "must have at most " + counted(*n, "field", "fields");
    return {};
}

std::string of_amount(const std::string& text) {
    if (const auto n = between(text, "Expected number greater than or equal to ", ""))
        return "must be at least " + number_of(*n);
    if (const auto n = between(text, "Expected number less than or equal to ", ""))
        return "must be at most " + number_of(*n);
    if (const auto n = between(text, "Expected number greater than ", ""))
        return "must be greater than " + number_of(*n);
    if (const auto n = between(text, "Expected number less than ", "")) return "must be less than " + number_of(*n);
    if (const auto n = between(text, "Value should be a multiple of ", ""))
        return "must be a multiple of " + number_of(*n);
    return {};
}

std::string of_content(const std::string& text, const Views& views) {
    if (text.starts_with("Failed to match against any enum values")) return enum_words(views);
    if (text.starts_with("Failed to match expected value")) {
        const auto* expected = keyword(views, "const");
        return expected ? "must be " + json::serialize(*expected) : "is not the value that is expected here";
    }
    if (text.starts_with("Failed to match regex")) {
        const auto* pattern = keyword(views, "pattern");
        return "must match the pattern" + (pattern && pattern->is_string()
                                               ? " " + std::string(pattern->get_string())
                                               : std::string(" that is expected here"));
    }
    if (text == "String should be a valid date-time") return "must be a time like 2026-11-21T03:33:26Z";
    if (text == "String should be a valid date") return "must be a date like 2026-11-21";
    if (text == "String should be a valid time") return "must be a time like 03:33:26Z";
    if (text.ends_with("violate uniqueness constraint.")) return "must hold each item once";
    if (text.starts_with("Failed to validate against any")) return "fits none of the forms that are allowed here";
    if (text.starts_with("Failed to validate against exactly one"))
        return "fits several of the forms that are allowed here";
    return {};
}

// It only says that something deeper does not fit.
bool is_general(const std::string& text) {
    return text.starts_with("Failed to validate against schema associated") ||
           text.starts_with("Failed to validate item #") || text.starts_with("Failed to validate against child") ||
           text.starts_with("Failed to validate against additional properties");
}

std::string pointer_of(const std::vector<std::string>& place) {
    std::string out;
    for (const auto& token : place) {
        out += '/';
        for (const char character : token) {
            if (character == '~')
                out += "~0";
            else if (character == '/')
                out += "~1";
            else
                out += character;
        }
    }
    return out;
}

Violation violation_of(const Complaint& complaint, const json::value& schema, const json::value& document) {
    auto place = complaint.place;
    const auto& text = complaint.text;
    if (const auto name = between(text, "Missing required property '", "'.")) {
        place.push_back(*name);
        return {pointer_of(place), "is required"};
    }
    const auto views = views_at(schema, place);
    const std::string unknown =
        "Object contains a property that could not be validated using 'properties' or "
        "'additionalProperties' constraints: '";
    if (const auto name = between(text, unknown, "'.")) {
        place.push_back(*name);
        return {pointer_of(place), known_words(views)};
    }
    if (text.starts_with("Value type not permitted"))
        return {pointer_of(place), type_words(views, value_at(document, place))};
    std::string words = of_size(text);
    if (words.empty()) words = of_amount(text);
    if (words.empty()) words = of_content(text, views);
    return {pointer_of(place), words.empty() ? text : words};
}

}  // namespace

std::vector<Violation> in_words(const std::vector<Complaint>& complaints, const json::value& schema,
                                const json::value& document) {
    const bool told = std::any_of(complaints.begin(), complaints.end(),
                                  [](const Complaint& one) { return !is_general(one.text); });
    std::vector<Violation> violations;
    for (const auto& complaint : complaints) {
        if (told && is_general(complaint.text)) continue;
        auto violation = violation_of(complaint, schema, document);
        if (std::find(violations.begin(), violations.end(), violation) == violations.end())
            violations.push_back(std::move(violation));
    }
    return violations;
}

}  // namespace lantern::schemas
