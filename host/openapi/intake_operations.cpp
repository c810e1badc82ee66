#include "host/openapi/answers.hpp"
#include "host/openapi/operation.hpp"
#include "host/openapi/operations.hpp"

namespace lantern::openapi {
namespace json = boost::json;
namespace {

json::object cloud_event() {
    const json::object text = text_schema();
    json::object filled = text;
    filled["minLength"] = 1;
    return {{"type", "object"},
            {"description", "A CloudEvent, version 1.0, structured. Its subject names the stream."},
            {"properties", json::object{{"specversion", json::object{{"const", "1.0"}}},
                                        {"id", filled},
                                        {"source", filled},
                                        {"type", filled},
                                        {"subject", filled},
                                        {"time", json::object{{"type", "string"}, {"format", "date-time"}}},
                                        {"data", json::object{{"type", "object"}}}}},
            {"required", json::array{"specversion", "id", "source", "type", "subject"}}};
}

json::object cloud_event_example() {
    return {{"specversion", "1.0"},
            {"id", "4711"},
            {"source", "https://shop.example.com/orders"},
            {"type", "ORDER_PAID"},
            {"subject", "order/4711"},
            {"time", "2026-11-21T15:47:00Z"},
            {"data", json::object{{"amount_cents", 1900}}}};
}

json::object recorded() {
    return {{"type", "object"},
            {"properties", json::object{{"event_id", json::object{{"type", "string"}, {"format", "uuid"}}},
                                        {"subject", text_schema()},
                                        {"revision", whole_number(1)}}},
            {"required", json::array{"event_id", "subject", "revision"}},
            {"additionalProperties", false}};
}

json::object recorded_all() {
    json::object all{
        {"type", "object"},
        {"properties", json::object{{"events", json::object{{"type", "array"}, {"items", recorded()}}}}},
        {"required", json::array{"events"}},
        {"additionalProperties", false}};
    return {{"anyOf", json::array{recorded(), std::move(all)}}};
}

// A header of this answer alone: elsewhere an ETag is of what is shown.
json::object event_revision() {
    return {{"description",
             "Of one event alone: its revision, in quotes. As If-Match it is met while nothing came behind the "
             "event. A batch has the revisions in its body."},
            {"schema", json::object{{"type", "string"}, {"pattern", "^\"[0-9]+\"$"}}},
            {"example", "\"3\""}};
}

}  // namespace

std::vector<Operation> intake_operations(const IntakeSettings& intake) {
    if (intake.path.empty()) return {};
    auto body =
        operation({intake.path, Access::scope, intake.scope, "Take events of another producer",
                   "An event that came before, by source and id, is not recorded again and answered the same. "
                   "In binary form the attributes are headers `ce-*` and the body is the data."});
    auto& parameters = body["parameters"].emplace_array();
    parameters.emplace_back(parameter({"If-Match", Parameter::In::header,
                                       "The revision of the one stream before the first event; else 412.",
                                       json::object{{"type", "string"}, {"pattern", R"(^"[0-9]+"$)"}}, "\"3\""}));
    for (const auto& attribute : cloud_event_example())
        if (attribute.key() != "data")
            parameters.emplace_back(parameter({"ce-" + std::string(attribute.key()), Parameter::In::header,
                                               "In binary form.", text_schema(), attribute.value()}));
    auto& request = body["requestBody"].emplace_object();
    request["required"] = true;
    auto& content = request["content"].emplace_object();
    content["application/cloudevents+json"] =
        json::object{{"schema", cloud_event()}, {"example", cloud_event_example()}};
    content["application/cloudevents-batch+json"] =
        json::object{{"schema", json::object{{"type", "array"}, {"items", cloud_event()}}},
                     {"example", json::array(1, cloud_event_example())}};
    content["application/json"] = json::object{{"schema", json::object{{"type", "object"}}}};
    auto& responses = body["responses"].emplace_object();
    auto& taken = responses["201"];
    taken = answer("Recorded: in the form of the request, one event or a batch.", {recorded_all()},
                   {"Idempotency-Replayed"});
    taken.at("headers").as_object()["ETag"] = event_revision();
    add_problems(responses, {400, 401, 403, 404, 409, 412, 413, 415, 422, 500, 503});
    return {{"post", intake.path, "take_events", std::move(body)}};
}

}  // namespace lantern::openapi
