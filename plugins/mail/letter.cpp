#include "letter.hpp"

#include <algorithm>
#include <stdexcept>

namespace mail {
namespace {

namespace json = lantern::json;

constexpr const char* kSettings = R"({
    "type": "object",
    "additionalProperties": false,
    "required": ["from"],
    "properties": {
        "from": {"type": "string", "description": "Address of the sender."},
        "from_name": {"type": "string"},
        "smtp_url": {"type": "string", "description": "smtp://host:port or smtps://host:port",
                     "default": "smtp://127.0.0.1:25"},
        "smtp_username": {"type": "string"},
        "smtp_password": {"type": "string", "x-secret": true},
        "tls": {"enum": ["none", "try", "required"], "default": "try"},
        "directory": {"type": "string", "default": "",
                      "description": "If not empty: mails are written here as <idempotency key>.eml, not sent."},
        "subject": {"type": "string", "description":
                    "As text and html with places: {{field}}, or {{field|other}} for the other where the field is empty."},
        "text": {"type": "string"},
        "html": {"type": "string", "description": "Empty: text only."}
    }})";

std::string text_of(const json::object& settings, std::string_view name, const char* otherwise = "") {
    return std::string(lantern::find_text(settings, name).value_or(otherwise));
}

std::unique_ptr<Post> post_of(const json::object& settings) {
    if (const std::string folder = text_of(settings, "directory"); !folder.empty()) return folder_post(folder);
    using Tls = SmtpSettings::Tls;
    const std::string tls = text_of(settings, "tls", "try");
    return smtp_post({.url = text_of(settings, "smtp_url", "smtp://127.0.0.1:25"),
                      .username = text_of(settings, "smtp_username"),
                      .password = text_of(settings, "smtp_password"),
                      .tls = tls == "none"       ? Tls::none
                             : tls == "required" ? Tls::required
                                                 : Tls::attempt});
}

std::chrono::milliseconds time_left(const lantern::Attempt& attempt) {
    using namespace std::chrono;
    const auto left = duration_cast<milliseconds>(attempt.deadline() - system_clock::now());
    return std::clamp(left, milliseconds(1'000), milliseconds(60'000));
}

}  // namespace

std::string settings_schema(std::string_view more, std::span<const std::string_view> required) {
    json::object schema = json::parse(kSettings).as_object();
    for (const auto& property : lantern::parse_object(more)) schema["properties"].as_object().insert(property);
    for (std::string_view name : required) schema["required"].as_array().emplace_back(lantern::to_json(name));
    return json::serialize(schema);
}

Letter::Letter(const json::object& settings, const Texts& otherwise, Fields fields)
    : from_(text_of(settings, "from")),
      from_name_(text_of(settings, "from_name")),
      subject_("subject", text_of(settings, "subject", otherwise.subject), fields),
      text_("text", text_of(settings, "text", otherwise.text), fields),
      html_("html", text_of(settings, "html", otherwise.html), fields),
      post_(post_of(settings)) {
    if (!is_address(from_))
        throw std::invalid_argument("setting from: found \"" + from_ + "\", expected an e-mail address");
}

lantern::Outcome Letter::send(std::string_view to, const Value& value, const lantern::Event& event,
                              const lantern::Attempt& attempt) const {
    if (!is_address(to)) return lantern::Outcome::rejected("the user's e-mail address is not one");
    const Message message{.from = from_,
                          .from_name = from_name_,
                          .to = std::string(to),
                          .subject = subject_.filled(value, Escape::none),
                          .text = text_.filled(value, Escape::none),
                          .html = html_.filled(value, Escape::html),
                          .date = event.recorded_at(),
                          .key = std::string(attempt.idempotency_key())};
    return post_->send(message, time_left(attempt));
}

}  // namespace mail
