#include "host/intake/cloud_events.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/core/limits.hpp"

namespace lantern::intake {
namespace {

namespace json = boost::json;
using command::Problem;
using command::Rejection;
using command::RejectionKind;

enum class Mode { structured, batch, binary };

Problem problem(int status, const std::string& kind, const std::string& title, const std::string& detail) {
    return {status, kind, title, detail, "", "", {}};
}

Problem malformed(const std::string& detail, std::vector<Rejection> errors = {}) {
    auto made = problem(400, "malformed", "The request is malformed", detail);
    made.errors = std::move(errors);
    return made;
}

// Without parameters, in lower case.
std::string media_type(std::string_view content_type) {
    std::string type(content_type.substr(0, content_type.find(';')));
    type.erase(type.find_last_not_of(" \t") + 1);
    std::transform(type.begin(), type.end(), type.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return type;
}

Result<Mode, Problem> mode_of(const Parcel& parcel) {
    const auto type = media_type(parcel.content_type);
    if (type == "application/cloudevents+json") return Mode::structured;
    if (type == "application/cloudevents-batch+json") return Mode::batch;
    const bool json = type == "application/json" || type == "text/json" || type.ends_with("+json");
    if (!parcel.attributes.empty() && !type.starts_with("application/cloudevents") &&
        (json || (type.empty() && parcel.body.empty())))
        return Mode::binary;
    return failure(
        problem(415, "not-cloudevents", "The body is no CloudEvent",
                "Content-Type must be application/cloudevents+json, application/cloudevents-batch+json, or "
                "application/json with the attributes of the event as headers."));
}

// Lines and columns count from 1.
std::string place_of(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, std::min(offset, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1);
}

Result<json::value, Problem> parse(std::string_view body, json::storage_ptr memory) {
    json::parser parser(std::move(memory));
    json::error_code error;
    const auto taken = parser.write_some(body.data(), body.size(), error);
    if (error) return failure(malformed(place_of(body, taken) + ": " + error.message() + "."));
    const auto rest = body.find_first_not_of(" \t\r\n", taken);
    if (rest != std::string_view::npos)
        return failure(malformed(place_of(body, rest) + ": more text after the JSON value."));
    return parser.release();
}

// The texts of an array's elements; the array is known to parse.
std::vector<std::string> elements_of(std::string_view text) {
    std::vector<std::string> elements;
    std::size_t begin = text.find('[') + 1;
    int depth = 0;
    for (std::size_t at = begin; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') {
            for (++at; text[at] != '"'; ++at)
                if (text[at] == '\\') ++at;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (depth > 0 && (c == ']' || c == '}')) {
            --depth;
        } else if (depth == 0 && (c == ',' || c == ']')) {
            const auto element = text.substr(begin, at - begin);
            if (element.find_first_not_of(" \t\r\n") != std::string_view::npos) elements.emplace_back(element);
            if (c == ']') break;
            begin = at + 1;
        }
    }
    return elements;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 19 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
           (text == "0" || text[0] != '0');
}

// The event of the binary mode in its structured form.
std::string structured(const Parcel& parcel) {
    std::string text = "{";
    for (const auto& [name, value] : parcel.attributes) {
        if (name == "datacontenttype" || name == "data" || name == "data_base64") continue;
        const bool integer = name == "revision" || name == "schemaversion" || name == "expectedrevision";
        text += json::serialize(json::string(name)) + ":";
        text += (integer && is_number(value) ? value : json::serialize(json::string(value))) + ",";
    }
    if (!parcel.body.empty()) {
        text += "\"datacontenttype\":\"application/json\",\"data\":";
        text += parcel.body;
        text += ",";
    }
    if (text.back() == ',') text.pop_back();
    return text + "}";
}

Result<Contents, Problem> read_all(const std::vector<std::string>& texts, Form form) {
    Contents contents{form, {}};
    std::vector<Rejection> errors;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        Arrival place;
        place.number = static_cast<std::int64_t>(at + 1);
        auto event = backfill::read_line(place.number, texts[at]);
        if (event) {
            contents.events.push_back(std::move(event.value()));
            continue;
        }
        for (const auto& wrong : event.error())
            errors.push_back({RejectionKind::invalid, "cloudevent", wrong.field, wrong.reason,
                              pointer_to(place, form, wrong.field)});
    }
    if (errors.empty()) return contents;
    const auto& first = errors.front();
    const std::string place = first.pointer.empty() ? "The event" : first.pointer;
    return failure(malformed(place + ": " + first.message + ".", std::move(errors)));
}

}  // namespace

std::string pointer_to(const Arrival& event, Form form, const std::string& part) {
    std::string pointer;
    if (form == Form::batch) pointer = "/" + std::to_string(event.number - 1);
    return part.empty() ? pointer : pointer + "/" + part;
}

Result<Contents, Problem> read_parcel(const Parcel& parcel) {
    const auto mode = mode_of(parcel);
    if (!mode) return failure(mode.error());
    if (mode.value() == Mode::binary && parcel.body.empty()) return read_all({structured(parcel)}, Form::single);
    unsigned char buffer[4096];
    json::monotonic_resource memory(buffer);
    const auto parsed = parse(parcel.body, &memory);
    if (!parsed) return failure(parsed.error());
    if (mode.value() == Mode::structured) return read_all({std::string(parcel.body)}, Form::single);
    if (mode.value() == Mode::binary) return read_all({structured(parcel)}, Form::single);
    const auto* array = parsed.value().if_array();
    if (array == nullptr) return failure(malformed("A JSON array of events is expected."));
    if (array->empty()) return failure(malformed("There is no event in the batch."));
    if (array->size() > limits::kIntakeEventsMax)
        return failure(
            problem(413, "too-large", "The batch is too large",
                    "At most " + std::to_string(limits::kIntakeEventsMax) + " events are taken at once."));
    return read_all(elements_of(parcel.body), Form::batch);
}

}  // namespace lantern::intake
