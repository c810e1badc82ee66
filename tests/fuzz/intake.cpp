// A CloudEvent, as the api or the queue takes it from another producer: a line with the content type, lines
// "attribute: value", an empty line, the body.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdint>

#include "host/core/limits.hpp"
#include "host/intake/cloud_events.hpp"
#include "tests/fuzz/expect.hpp"

namespace lantern::fuzz {
namespace {

namespace json = boost::json;
using intake::Arrival;

intake::Parcel parcel_of(std::string_view input) {
    const auto line = [&] {
        const auto end = std::min(input.find('\n'), input.size());
        const auto text = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        return text;
    };
    intake::Parcel parcel{line(), {}, {}};
    for (auto text = line(); !text.empty(); text = line()) {
        const auto colon = std::min(text.find(": "), text.size());
        parcel.attributes.emplace_back(text.substr(0, colon), text.substr(std::min(colon + 2, text.size())));
    }
    parcel.body = input;
    return parcel;
}

json::value parsed(std::string_view text, const std::string& what) {
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    expect(!error, what + " is no JSON: " + std::string(text));
    return value;
}

void refusal(const command::Problem& problem) {
    expect(problem.status == 400 || problem.status == 413 || problem.status == 415,
           "a status of " + std::to_string(problem.status));
    expect(!problem.detail.empty() && is_utf8(problem.detail), "refused without a word");
    for (const auto& error : problem.errors)
        expect(error.pointer.empty() || error.pointer.front() == '/', "no pointer: " + error.pointer);
    parsed(command::to_json(problem), "a problem");
}

void sound(const Arrival& event) {
    for (const auto& name : {event.source, event.id, event.type, event.aggregate_type, event.aggregate_id})
        expect(!name.empty() && is_utf8(name) && name.find('\n') == std::string::npos,
               "a name that is none: " + name);
    expect(event.schema_version >= 1 && event.revision.value_or(Revision{1}).value >= 1, "a number below 1");
    expect(parsed(event.metadata, "metadata").is_object(), "metadata that is no object");
    expect(is_utf8(event.data), "data that nobody can store");
}

// The event says what its structured form says.
void means(const Arrival& event, const json::value& form) {
    const auto& object = form.as_object();
    expect(event.id == object.at("id").as_string() && event.type == object.at("type").as_string(), "another event");
    const auto* data = object.if_contains("data");
    expect(parsed(event.data, "data") == (data ? *data : json::value(nullptr)), "other data: " + event.data);
}

void alone_as_in_a_batch(const intake::Parcel& parcel, const Arrival& event) {
    const std::string body = "[" + std::string(parcel.body) + "]";
    const auto batch = intake::read_parcel({"application/cloudevents-batch+json", {}, body});
    if (!batch) return expect(batch.error().detail.find("nest") != std::string::npos, batch.error().detail);
    const auto& other = batch.value().events.at(0);
    expect(other.source == event.source && other.id == event.id && other.data == event.data &&
               other.metadata == event.metadata && other.revision == event.revision,
           "another event in a batch");
}

void attributes_stay_in_their_place(const intake::Parcel& parcel, const Arrival& event) {
    std::string id;
    for (const auto& [name, value] : parcel.attributes)
        if (name == "id") id = value;
    expect(event.id == id, "another id: " + event.id);
    if (parcel.body.empty()) return;
    const auto begin = parcel.body.find_first_not_of(" \t\r\n"), end = parcel.body.find_last_not_of(" \t\r\n");
    expect(event.data == parcel.body.substr(begin, end - begin + 1), "other data: " + event.data);
}

void take(const intake::Parcel& parcel) {
    const auto read = intake::read_parcel(parcel);
    if (!read) return refusal(read.error());
    const auto& events = read.value().events;
    expect(!events.empty() && events.size() <= limits::kIntakeEventsMax, "so many events");
    for (std::size_t at = 0; at < events.size(); ++at) {
        expect(events[at].number == static_cast<std::int64_t>(at + 1), "not in their order");
        sound(events[at]);
    }
    std::string type(parcel.content_type);
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    if (read.value().form == intake::Form::batch) {
        const auto forms = parsed(parcel.body, "a batch");
        for (std::size_t at = 0; at < events.size(); ++at) means(events[at], forms.as_array().at(at));
    } else if (type.starts_with("application/cloudevents")) {
        means(events[0], parsed(parcel.body, "an event"));
        alone_as_in_a_batch(parcel, events[0]);
    } else {
        attributes_stay_in_their_place(parcel, events[0]);
    }
}

}  // namespace
}  // namespace lantern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lantern::fuzz::take(lantern::fuzz::parcel_of({reinterpret_cast<const char*>(data), size}));
    return 0;
}
