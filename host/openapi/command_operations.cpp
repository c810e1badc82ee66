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
                       text_schema(), "\"3\""}));
    return parameters;
}

json::object body_of(const CommandRoute& route, const Source& source) {
    const auto name = request_name(route.aggregate, route.command);
    const auto request = source.requests.find({route.aggregate, route.command});
    std::optional<json::object> schema;
    if (request != source.requests.end()) schema = as_component(request->second, name);
    json::object content;
    content["schema"] = schema ? reference("schemas", name) : json::object{{"type", "object"}};
    if (schema)
        if (auto example = example_of(*schema); !example.is_null()) content["example"] = std::move(example);
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

std::string summary_of(const CommandRoute& route, const Source& source) {
    const auto request = source.requests.find({route.aggregate, route.command});
    if (request != source.requests.end())
        if (const auto schema = as_component(request->second, ""); schema)
            if (const auto* title = schema->if_contains("title"); title && title->is_string())
                return title->get_string().c_str();
    return route.aggregate + ": " + in_words(route.command);
}

}  // namespace

std::string request_name(const std::string& aggregate, const std::string& command) {
    return component_name("request." + aggregate + "." + command);
}

std::vector<Operation> command_operations(const Source& source) {
    std::vector<Operation> operations;
    for (const auto& route : source.http.commands) {
        auto body = operation({route.path, route.access, route.scope, summary_of(route, source), ""});
        if (auto parameters = parameters_of(route); !parameters.empty()) body["parameters"] = std::move(parameters);
        body["requestBody"] = body_of(route, source);
        body["responses"] = responses_of(route);
        auto method = route.method;
        std::transform(method.begin(), method.end(), method.begin(),
                       [](unsigned char c) { return std::tolower(c); });
        operations.push_back({method, route.path, route.command + "_" + route.aggregate, std::move(body)});
    }
    return operations;
}

}  // namespace lantern::openapi
