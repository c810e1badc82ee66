#include "host/openapi/answers.hpp"
#include "host/openapi/operation.hpp"
#include "host/openapi/operations.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

std::string in_words(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

json::array parameters_of(const CommandRoute& route) {
    using In = Parameter::In;
    json::array parameters;
    add_id(parameters, route.path, route.aggregate);
    if (route.access != Access::anyone)
        parameters.emplace_back(
            parameter({"Idempotency-Key", In::header,
                       "The same key and request again, within 24 h, give the first answer again.", text_schema(),
                       "5a6e1ab0-7c1f-4a57-9a0e-2d1c6c3f9f10"}));
    if (!route.blind)
        parameters.emplace_back(
            parameter({"If-Match", In::header, "The revision on which this is based, as an ETag said it; else 412.",
                       json::object{{"type", "string"}, {"pattern", R"(^("[0-9]+"|\*)$)"}}, "\"3\""}));
    return parameters;
}

struct Request {
    std::string name;
    json::object schema;
};

// Nothing: the route names no schema, or one that is none.
std::optional<Request> request_of(const CommandRoute& route, const Source& source) {
    const auto text = source.requests.find(route.request_schema);
    if (route.request_schema.empty() || text == source.requests.end()) return std::nullopt;
    const auto name = request_names(source).at(route.request_schema);
    auto schema = as_component(text->second, name);
    if (!schema) return std::nullopt;
    return Request{name, std::move(*schema)};
}

json::object body_of(const std::optional<Request>& request) {
    json::object content;
    content["schema"] = request ? reference("schemas", request->name) : json::object{{"type", "object"}};
    if (request)
        if (auto example = example_of(request->schema); !example.is_null()) content["example"] = std::move(example);
    json::object body{{"description", "Without a body the fields are taken from the query."}};
    body["required"] = false;
    body["content"].emplace_object()["application/json"] = std::move(content);
    return body;
}

json::object responses_of(const CommandRoute& route) {
    json::object responses;
    const auto status = std::to_string(route.status);
    if (route.blind) {
        responses[status] = answer("Taken. What comes of it is not told.",
                                   {reference("schemas", "Taken"), json::object{{"status", "accepted"}}});
        add_problems(responses, {400, 413, 415, 422});
    } else {
        std::vector<std::string> headers{"ETag", "Idempotency-Replayed"};
        if (route.status == 201) headers.emplace_back("Location");
        responses[status] = answer("Done. The revision is the one after it.",
                                   {reference("schemas", "Accepted"),
                                    json::object{{"id", "01890000-0000-7000-8000-000000000000"}, {"revision", 1}}},
                                   headers);
        add_problems(responses, {400, 401, 403, 404, 409, 412, 413, 415, 422});
    }
    if (route.per_address) add_problems(responses, {429});
    add_problems(responses, {500, 503});
    return responses;
}

std::string summary_of(const CommandRoute& route, const std::optional<Request>& request) {
    const auto* title = request ? request->schema.if_contains("title") : nullptr;
    if (title && title->is_string()) return title->get_string().c_str();
    return route.aggregate + ": " + in_words(route.command);
}

}  // namespace

std::map<std::filesystem::path, std::string> request_names(const Source& source) {
    std::map<std::filesystem::path, std::string> names;
    std::map<std::string, int> taken;
    for (const auto& [file, text] : source.requests) {
        const auto name = component_name("request." + file.stem().string());
        const int before = taken[name]++;
        names[file] = before == 0 ? name : name + "." + std::to_string(before + 1);
    }
    return names;
}

std::vector<Operation> command_operations(const Source& source) {
    std::vector<Operation> operations;
    for (const auto& route : source.http.commands) {
        const auto request = request_of(route, source);
        auto body = operation({route.path, route.access, route.scope, summary_of(route, request), ""});
        if (auto parameters = parameters_of(route); !parameters.empty()) body["parameters"] = std::move(parameters);
        body["requestBody"] = body_of(request);
        body["responses"] = responses_of(route);
        auto method = route.method;
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        operations.push_back({method, route.path, route.command + "_" + route.aggregate, std::move(body)});
    }
    return operations;
}

}  // namespace lantern::openapi
