#include "host/schemas/validation.hpp"

#include <boost/json.hpp>
#include <stdexcept>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "host/schemas/references.hpp"

namespace lantern::schemas {
namespace {

using valijson::adapters::BoostJsonAdapter;

constexpr std::size_t kViolationsMax = 100;

// JSON text as a value; an empty reason means it parsed.
boost::json::value parse(std::string_view text, std::string& why_not) {
    boost::json::error_code error;
    auto value = boost::json::parse({text.data(), text.size()}, error);
    if (error) why_not = error.message();
    return value;
}

// The reason when `text` is no schema.
std::optional<std::string> populate(const boost::json::value& text, valijson::Schema& schema) {
    if (has_circle(text)) return "a schema that leads back to itself";
    try {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(BoostJsonAdapter(text), schema);
        return std::nullopt;
    } catch (const std::exception& error) {
        return error.what();
    }
}

std::string escaped(const std::string& token) {
    std::string out;
    for (const char character : token) {
        if (character == '~') {
            out += "~0";
        } else if (character == '/') {
            out += "~1";
        } else {
            out += character;
        }
    }
    return out;
}

// valijson tells the place as "<root>", "[name]", "[0]" ...
std::string pointer(const std::vector<std::string>& context) {
    std::string out;
    for (const auto& part : context) {
        if (part.size() >= 2 && part.front() == '[' && part.back() == ']') {
            out += '/' + escaped(part.substr(1, part.size() - 2));
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> refuse_schema(std::string_view text) {
    std::string why_not;
    const auto document = parse(text, why_not);
    if (!why_not.empty()) return why_not;
    valijson::Schema schema;
    return populate(document, schema);
}

std::vector<Violation> validate(std::string_view schema_text, std::string_view document_text) {
    std::string why_not;
    const auto schema_document = parse(schema_text, why_not);
    if (!why_not.empty()) return {{"", "the schema is not JSON: " + why_not}};
    const auto document = parse(document_text, why_not);
    if (!why_not.empty()) return {{"", "this is not JSON: " + why_not}};
    valijson::Schema schema;
    if (const auto refusal = populate(schema_document, schema)) return {{"", "the schema is none: " + *refusal}};

    std::vector<Violation> violations;
    try {
        valijson::Validator validator;
        valijson::ValidationResults results;
        if (validator.validate(schema, BoostJsonAdapter(document), &results)) return violations;
        valijson::ValidationResults::Error error;
        while (results.popError(error) && violations.size() < kViolationsMax) {
            violations.push_back({pointer(error.context), error.description});
        }
    } catch (const std::exception& error) {
        violations.push_back({"", error.what()});
    }
    if (violations.empty()) violations.push_back({"", "this does not fit the schema"});
    return violations;
}

}  // namespace lantern::schemas
