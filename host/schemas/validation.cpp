#include "host/schemas/validation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "host/schemas/references.hpp"
#include "host/schemas/wording.hpp"

namespace lantern::schemas {
namespace {

namespace json = boost::json;
using valijson::adapters::BoostJsonAdapter;

constexpr std::size_t kViolationsMax = 100;

// JSON text as a value, or what is wrong with it and where.
Result<json::value> parse_json(std::string_view text) {
    json::error_code error;
    json::parser parser;
    const auto taken = parser.write_some(text.data(), text.size(), error);
    if (!error && text.find_first_not_of(" \t\r\n", taken) == std::string_view::npos) return parser.release();
    const auto before = text.substr(0, std::min(taken, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return failure("line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1) + ": " +
                   (error ? error.message() : "more text after the JSON value"));
}

// The reason when `document` is no schema.
std::optional<std::string> populate(const json::value& document, valijson::Schema& schema) {
    try {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(BoostJsonAdapter(document), schema);
        return std::nullopt;
    } catch (const std::exception& error) {
        return error.what();
    }
}

bool refers(const json::value& value) {
    if (const auto* object = value.if_object())
        return std::any_of(object->begin(), object->end(),
                           [](const auto& member) { return member.key() == "$ref" || refers(member.value()); });
    const auto* array = value.if_array();
    return array != nullptr && std::any_of(array->begin(), array->end(), refers);
}

// The innermost part that is no schema by itself: its place and the reason.
std::pair<std::string, std::string> innermost_fault(const json::value& document, const std::string& why) {
    const auto look = [](const json::value& part, const std::string& place) {
        std::pair<std::string, std::string> found;
        if (!part.is_object() || refers(part)) return found;
        valijson::Schema scratch;
        if (const auto reason = populate(part, scratch)) {
            found = innermost_fault(part, *reason);
            found.first = place + found.first;
        }
        return found;
    };
    const auto* object = document.if_object();
    if (object == nullptr) return {"", why};
    for (const char* group : {"properties", "patternProperties", "definitions", "allOf", "anyOf", "oneOf"}) {
        const auto* parts = object->if_contains(group);
        if (parts == nullptr) continue;
        std::size_t index = 0;
        if (const auto* named = parts->if_object()) {
            for (const auto& part : *named) {
                auto found = look(part.value(), "/" + std::string(group) + "/" + std::string(part.key()));
                if (!found.second.empty()) return found;
            }
        } else if (const auto* listed = parts->if_array()) {
            for (const auto& part : *listed) {
                auto found = look(part, "/" + std::string(group) + "/" + std::to_string(index++));
                if (!found.second.empty()) return found;
            }
        }
    }
    for (const char* keyword : {"items", "additionalProperties", "not", "if", "then", "else", "contains"}) {
        const auto* part = object->if_contains(keyword);
        if (part == nullptr) continue;
        auto found = look(*part, "/" + std::string(keyword));
        if (!found.second.empty()) return found;
    }
    return {"", why};
}

bool has_pattern(const json::value& schema) {
    if (const auto* object = schema.if_object())
        return std::any_of(object->begin(), object->end(), [](const auto& member) {
            return member.key() == "pattern" || member.key() == "patternProperties" || has_pattern(member.value());
        });
    const auto* array = schema.if_array();
    return array != nullptr && std::any_of(array->begin(), array->end(), has_pattern);
}

bool has_long_text(const json::value& value) {
    if (value.is_string()) return value.get_string().size() > kPatternTextBytesMax;
    if (const auto* object = value.if_object())
        return std::any_of(object->begin(), object->end(), [](const auto& member) {
            return member.key().size() > kPatternTextBytesMax || has_long_text(member.value());
        });
    const auto* array = value.if_array();
    return array != nullptr && std::any_of(array->begin(), array->end(), has_long_text);
}

// valijson tells the place as "<root>", "[name]", "[0]" ...
std::vector<std::string> place_of(const std::vector<std::string>& context) {
    std::vector<std::string> out;
    for (const auto& part : context)
        if (part.size() >= 2 && part.front() == '[' && part.back() == ']')
            out.push_back(part.substr(1, part.size() - 2));
    return out;
}

}  // namespace

struct Schema::Compiled {
    json::value document;
    valijson::Schema rules{};
    bool matches = false;  // patterns
};

Schema::Schema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::parse(std::string_view text) {
    auto document = parse_json(text);
    if (!document) return failure("text that is not JSON, " + document.error());
    auto compiled = std::make_unique<Compiled>();
    compiled->document = std::move(document.value());
    if (!compiled->document.is_object()) return failure("JSON that is no object");
    if (has_circle(compiled->document)) return failure("a schema that leads back to itself");
    if (const auto why = populate(compiled->document, compiled->rules)) {
        const auto [place, reason] = innermost_fault(compiled->document, *why);
        return failure((place.empty() ? "" : "at " + place + ": ") + reason);
    }
    compiled->matches = has_pattern(compiled->document);
    return Schema(std::move(compiled));
}

const json::value& Schema::document() const {
    return compiled_->document;
}

std::vector<Violation> Schema::check(std::string_view text) const {
    const auto parsed = parse_json(text);
    if (!parsed) return {{"", "this is not JSON: " + parsed.error()}};
    const auto& document = parsed.value();
    if (compiled_->matches && has_long_text(document))
        return {{"", "holds a text of more than " + std::to_string(kPatternTextBytesMax) + " bytes"}};
    std::vector<Complaint> complaints;
    try {
        valijson::Validator validator;
        valijson::ValidationResults results;
        if (validator.validate(compiled_->rules, BoostJsonAdapter(document), &results)) return {};
        valijson::ValidationResults::Error error;
        while (results.popError(error) && complaints.size() < kViolationsMax)
            complaints.push_back({place_of(error.context), error.description});
    } catch (const std::exception& error) {
        return {{"", error.what()}};
    }
    auto violations = in_words(complaints, compiled_->document, document);
    if (violations.empty()) violations.push_back({"", "this does not fit the schema"});
    return violations;
}

std::optional<std::string> refuse_schema(std::string_view text) {
    const auto schema = Schema::parse(text);
    if (!schema) return schema.error();
    return std::nullopt;
}

std::vector<Violation> validate(std::string_view schema_text, std::string_view document) {
    const auto schema = Schema::parse(schema_text);
    if (!schema) return {{"", "the schema is none: " + schema.error()}};
    return schema.value().check(document);
}

}  // namespace lantern::schemas
