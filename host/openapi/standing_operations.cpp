// Operations that are there whatever the routes are: health, the description itself, logins.
#include "host/openapi/answers.hpp"
#include "host/openapi/operation.hpp"
#include "host/openapi/operations.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

const std::string kNoScope;

json::object status_schema(const char* word) {
    return {{"type", "object"},
            {"properties", json::object{{"status", json::object{{"const", word}}}}},
            {"required", json::array{"status"}},
            {"additionalProperties", false}};
}

Operation standing(const std::string& path, const std::string& id, const std::string& summary,
                   json::object responses) {
    auto body = operation({path, Access::anyone, kNoScope, summary, ""});
    body["tags"] = json::array{"operation"};
    body["responses"] = std::move(responses);
    return {"get", path, id, std::move(body)};
}

json::object credentials(const AuthSettings& auth) {
    json::object schema{{"type", "object"}};
    auto& properties = schema["properties"].emplace_object();
    std::string keys;
    for (const auto& key : auth.keys) keys += (keys.empty() ? "" : " or ") + key;
    properties[auth.name_field] = json::object{{"type", "string"}, {"description", "The " + keys + "."}};
    properties[auth.password_field] = json::object{{"type", "string"}, {"format", "password"}};
    schema["required"] = json::array{auth.name_field, auth.password_field};
    return schema;
}

json::object token_schema() {
    return {{"type", "object"},
            {"properties",
             json::object{{"token", text_schema()},
                          {"token_type", json::object{{"const", "Bearer"}}},
                          {"expires_in", json::object{{"type", "integer"}, {"description", "Seconds."}}}}},
            {"required", json::array{"token", "token_type", "expires_in"}}};
}

json::object login_responses(const AuthSettings& auth) {
    json::object schema = token_schema();
    schema["properties"].as_object()[auth.aggregate] =
        json::object{{"type", "object"},
                     {"description", "Its state, without secrets."},
                     {"properties", json::object{{"id", text_schema()}}},
                     {"required", json::array{"id"}}};
    schema["required"].as_array().emplace_back(auth.aggregate);
    json::object responses;
    responses["200"] = answer("Logged in.", {std::move(schema)}, {"Cache-Control"});
    add_problems(responses, {400, 401, 413, 415, 422, 429, 500, 503});
    return responses;
}

}  // namespace

std::vector<Operation> auth_operations(const AuthSettings& auth) {
    if (auth.aggregate.empty()) return {};
    std::vector<Operation> operations;
    const auto path = [&](const char* name) { return auth.path + name; };

    const auto login_path = path("login/");
    auto login =
        operation({login_path, Access::anyone, kNoScope, "Log in",
                   "Tries are counted, by name and by address. The answer takes the same time whether there "
                   "is such a name or not."});
    auto& request = login["requestBody"].emplace_object();
    request["required"] = true;
    request["content"].emplace_object()["application/json"] = json::object{{"schema", credentials(auth)}};
    login["responses"] = login_responses(auth);
    operations.push_back({"post", login_path, "log_in", std::move(login)});

    const auto refresh_path = path("refresh/");
    auto refresh = operation({refresh_path, Access::scope, kNoScope, "A new token for the one that is sent", ""});
    auto& refreshed = refresh["responses"].emplace_object();
    refreshed["200"] = answer("A new token.", {token_schema()}, {"Cache-Control"});
    add_problems(refreshed, {400, 401, 403, 500, 503});
    operations.push_back({"post", refresh_path, "refresh_token", std::move(refresh)});

    const auto logout_path = path("logout/");
    auto logout = operation(
        {logout_path, Access::scope, kNoScope, "Give the token back", "It is not taken any more, by any process."});
    auto& ended = logout["responses"].emplace_object();
    ended["204"] = answer("Given back.");
    add_problems(ended, {400, 401, 403, 500, 503});
    operations.push_back({"post", logout_path, "log_out", std::move(logout)});
    return operations;
}

std::vector<Operation> standing_operations() {
    std::vector<Operation> operations;
    json::object alive, ready, description;
    alive["200"] = answer("The process lives.", {status_schema("alive")});
    operations.push_back(standing("/ht/", "get_liveness", "Whether the process lives", std::move(alive)));
    ready["200"] = answer("Commands and queries can be answered.", {status_schema("ready")});
    add_problems(ready, {500, 503});
    operations.push_back(standing("/readyz", "get_readiness", "Whether the database answers", std::move(ready)));
    description["200"] = answer("OpenAPI 3.1.", {json::object{{"type", "object"}}}, {"ETag"});
    description["304"] = answer("If-None-Match has its ETag.", {}, {"ETag"});
    add_problems(description, {500, 503});
    operations.push_back(standing("/openapi.json", "get_description", "This description", std::move(description)));
    return operations;
}

}  // namespace lantern::openapi
