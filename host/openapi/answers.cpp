#include "host/openapi/answers.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

struct Meaning {
    int status;
    const char* kind;   // of the example
    const char* title;  // of the example
    const char* detail;
    const char* description;
    std::vector<std::string> headers{};
};

const std::vector<Meaning>& meanings() {
    static const std::vector<Meaning> kMeanings{
        {400, "malformed", "The request is malformed", "limit must be a whole number from 1 to 200.",
         "The path, a parameter or the body cannot be read."},
        {401,
         "unauthorized",
         "Not authenticated",
         "A bearer token is needed.",
         "No token, one that is not valid any more, or a password that is not right.",
         {"WWW-Authenticate"}},
        {403, "forbidden", "Not allowed", "This is somebody else's.",
         "The caller lacks the scope, or a rule forbids it."},
        {404, "not-found", "Not found", "There is nothing of this id.", "It is not there.", {"Lantern-Pending"}},
        {409, "conflict", "In conflict with something that exists", "This name is taken.",
         "In conflict with something that exists, or changed by others too often at the same time."},
        {412, "revision-differs", "Changed meanwhile", "If-Match does not name the current revision, which is 3.",
         "If-Match names another revision than the current one, or a revision was asked for that is not there "
         "yet."},
        {413, "too-large", "The body is too large", "At most 1048576 bytes are taken.", "The body is too large."},
        {414, "uri-too-long", "The path is too long", "Path and query have at most 8 KiB.",
         "Path and query are too long."},
        {415,
         "not-json",
         "The body is not JSON",
         "Content-Type must be application/json.",
         "The body is of another media type.",
         {"Accept"}},
        {422, "rule", "A rule forbids it", "Nothing would change.",
         "A rule forbids it, or fields break their rules: then `errors` lists all of them."},
        {429, "too-many", "Too many requests", "Try again in 6 s.", "Too many requests.", {"Retry-After"}},
        {431, "headers-too-large", "The header is too large", "All header fields together have at most 16 KiB.",
         "The header fields are too large."},
        {500, "defect", "A defect of the server", "The log of the server tells which.",
         "A defect of the server or of a plugin."},
        {503,
         "unavailable",
         "Not available now",
         "The database does not answer. Nothing was done.",
         "Overloaded, stopping, or without its database. Safe to repeat with the same Idempotency-Key.",
         {"Retry-After"}},
    };
    return kMeanings;
}

json::object header(const char* description, json::value schema, json::value example, bool required = false) {
    json::object header{{"description", description}};
    if (required) header["required"] = true;
    header["schema"] = std::move(schema);
    header["example"] = std::move(example);
    return header;
}

json::object of_type(const char* type) {
    return {{"type", type}};
}

// Such a request may be refused before it was read, hence without a name.
bool may_be_unread(int status) {
    return status == 413 || status == 414 || status == 431;
}

}  // namespace

json::object reference(const std::string& section, const std::string& name) {
    return {{"$ref", "#/components/" + section + "/" + name}};
}

json::object problem_responses() {
    json::object responses;
    for (const auto& meaning : meanings()) {
        json::object response{{"description", meaning.description}};
        auto& headers = response["headers"].emplace_object();
        if (!may_be_unread(meaning.status)) headers["X-Request-Id"] = reference("headers", "X-Request-Id");
        for (const auto& name : meaning.headers) headers[name] = reference("headers", name);
        json::object example{{"type", std::string("urn:lantern:problem:") + meaning.kind},
                             {"title", meaning.title},
                             {"status", meaning.status},
                             {"detail", meaning.detail}};
        json::object content{{"schema", reference("schemas", "Problem")}, {"example", std::move(example)}};
        response["content"].emplace_object()["application/problem+json"] = std::move(content);
        responses[std::to_string(meaning.status)] = std::move(response);
    }
    return responses;
}

json::object header_components() {
    const json::object revision{{"type", "string"}, {"pattern", "^\"[0-9]+\"$"}};
    json::object headers;
    headers["ETag"] = header("The revision, in quotes: as of which the answer is complete. It works in If-Match.",
                             revision, "\"3\"", true);
    headers["Location"] = header("Where the new one is.", of_type("string"), "/v1/things/1/", true);
    headers["Link"] = header("The next and the previous page (RFC 8288).", of_type("string"),
                             "</v1/things/?cursor=abc>; rel=\"next\"");
    headers["Idempotency-Replayed"] =
        header("This is the first answer to the Idempotency-Key.", of_type("boolean"), true);
    headers["Lantern-Pending"] =
        header("The answer is older than min_revision asks for, and why.",
               json::object{{"type", "string"}, {"enum", json::array{"lagging", "retrying", "dead"}}}, "lagging");
    headers["Retry-After"] = header("Seconds.", of_type("integer"), 1);
    headers["WWW-Authenticate"] = header("The scheme.", of_type("string"), "Bearer", true);
    headers["Accept"] = header("What is taken.", of_type("string"), "application/json", true);
    headers["Cache-Control"] = header("Not to be stored.", of_type("string"), "no-store", true);
    headers["X-Request-Id"] = header("As sent, or a new one; it stands in the log and in the events' metadata.",
                                     of_type("string"), "01890000-0000-7000-8000-000000000000", true);
    return headers;
}

json::object problem_schema() {
    const json::object text = of_type("string");
    const json::object error{
        {"type", "object"},
        {"properties", json::object{{"rule", text}, {"field", text}, {"pointer", text}, {"detail", text}}},
        {"required", json::array{"detail"}}};
    return {{"type", "object"},
            {"description", "Problem details (RFC 9457)."},
            {"properties",
             json::object{{"type", json::object{{"type", "string"}, {"pattern", "^urn:lantern:problem:[a-z-]+$"}}},
                          {"title", text},
                          {"status", json::object{{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
                          {"detail", text},
                          {"rule", text},
                          {"field", text},
                          {"errors", json::object{{"type", "array"}, {"items", error}}}}},
            {"required", json::array{"type", "title", "status", "detail"}}};
}

void add_problems(json::object& responses, std::initializer_list<int> statuses) {
    for (const int status : statuses)
        responses[std::to_string(status)] = reference("responses", std::to_string(status));
}

json::object answer(const std::string& description, Content content, const std::vector<std::string>& headers) {
    json::object answer{{"description", description}};
    auto& listed = answer["headers"].emplace_object();
    listed["X-Request-Id"] = reference("headers", "X-Request-Id");
    for (const auto& name : headers) listed[name] = reference("headers", name);
    if (content.schema.is_null()) return answer;
    json::object body{{"schema", std::move(content.schema)}};
    if (!content.example.is_null()) body["example"] = std::move(content.example);
    answer["content"].emplace_object()["application/json"] = std::move(body);
    return answer;
}

}  // namespace lantern::openapi
