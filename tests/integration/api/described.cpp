#include "tests/integration/api/described.hpp"

#include <algorithm>
#include <boost/algorithm/string.hpp>

namespace lantern::test {
namespace {

namespace json = boost::json;

std::vector<std::string> segments_of(const std::string& target) {
    std::vector<std::string> segments;
    const auto path = target.substr(0, target.find('?'));
    boost::split(segments, path, [](char c) { return c == '/'; });
    std::erase(segments, "");
    return segments;
}

bool fits(const std::vector<std::string>& path, const std::vector<std::string>& sent) {
    return path.size() == sent.size() &&
           std::equal(path.begin(), path.end(), sent.begin(),
                      [](const auto& own, const auto& given) { return own.front() == '{' || own == given; });
}

}  // namespace

Described::Described(const std::string& document) : document_(json::parse(document).as_object()) {}

std::string Described::complaint(const std::string& method, const std::string& target, const HttpAnswer& answer) {
    if (answer.status == 0 || method == "OPTIONS" || method == "HEAD") return {};
    const auto* of = operation(method, target);
    const auto named = method + " " + target + " answered " + std::to_string(answer.status);
    if (!of) {
        const bool refused = answer.status == 400 || answer.status == 404 || answer.status == 405;
        return refused ? "" : named + ", but is not described";
    }
    const auto& responses = of->at("responses").as_object();
    const auto* response = responses.if_contains(std::to_string(answer.status));
    if (!response) return named + ", a status that is not described: " + answer.body;
    const std::string id(of->at("operationId").as_string());
    const auto complaint = complaint_of(id + " " + std::to_string(answer.status), resolved(*response), answer);
    return complaint.empty() ? "" : named + ": " + complaint + "\n" + answer.body;
}

// As the api finds routes: a literal segment wins over {id}.
const json::object* Described::operation(const std::string& method, const std::string& target) const {
    const auto sent = segments_of(target);
    const json::object* found = nullptr;
    std::string best;
    for (const auto& path : document_.at("paths").as_object()) {
        const std::string name(path.key());
        const auto* of = path.value().as_object().if_contains(boost::to_lower_copy(method));
        if (!of || !fits(segments_of(name), sent)) continue;
        if (found && name.find('{') < best.find('{')) continue;
        found = &of->as_object();
        best = name;
    }
    return found;
}

const json::object& Described::resolved(const json::value& part) const {
    const auto* reference = part.as_object().if_contains("$ref");
    if (!reference) return part.as_object();
    std::vector<std::string> names;
    const std::string pointer(reference->as_string());
    boost::split(names, pointer, [](char c) { return c == '/'; });
    return document_.at(names.at(1)).at(names.at(2)).at(names.at(3)).as_object();
}

std::string Described::complaint_of(const std::string& name, const json::object& response,
                                    const HttpAnswer& answer) {
    if (const auto* headers = response.if_contains("headers"))
        for (const auto& header : headers->as_object()) {
            const auto& of = resolved(header.value());
            const auto* required = of.if_contains("required");
            if (required && required->as_bool() &&
                !answer.headers.contains(boost::to_lower_copy(std::string(header.key()))))
                return "the header " + std::string(header.key()) + " is missing";
        }
    const auto* content = response.if_contains("content");
    if (!content) return answer.body.empty() ? "" : "there is a body, and none is described";
    const auto type = answer.headers.find("content-type");
    if (type == answer.headers.end()) return "there is no body";
    const auto* of_type = content->as_object().if_contains(type->second);
    if (!of_type) return "a body of " + type->second + " is not described";
    return complaint_of_body(name + " " + type->second, of_type->as_object().at("schema"), answer.body);
}

std::string Described::complaint_of_body(const std::string& name, const json::value& schema,
                                         const std::string& body) {
    std::lock_guard lock(mutex_);
    auto known = schemas_.find(name);
    if (known == schemas_.end()) {
        // With all that it refers to.
        const json::object whole{
            {"allOf", json::array(1, schema)},
            {"components", json::object{{"schemas", document_.at("components").at("schemas")}}}};
        auto parsed = schemas::Schema::parse(json::serialize(whole));
        if (!parsed) return "the schema is none: " + parsed.error();
        known = schemas_.emplace(name, std::move(parsed.value())).first;
    }
    std::string complaint;
    for (const auto& violation : known->second.check(body))
        complaint += (violation.pointer.empty() ? "/" : violation.pointer) + ": " + violation.message + "; ";
    return complaint;
}

}  // namespace lantern::test
