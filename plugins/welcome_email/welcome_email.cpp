// One mail for every USER_CREATED. Message-ID and bytes come from the idempotency key and the event, so all
// attempts send the same message and a mail server or reader can tell that it is one.
#include <lantern/plugin.hpp>

#include "../mail/post.hpp"
#include "../mail/template.hpp"

namespace {

namespace json = lantern::json;
using lantern::Outcome;

constexpr std::string_view kFields[] = {"username", "email", "first_name", "last_name"};

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
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string", "description": "Empty: text only."}
    }})";

constexpr const char* kSubject = "Welcome, {{first_name}}";
constexpr const char* kText =
    "Hello {{first_name}} {{last_name}},\n\n"
    "your account is ready. Your username is {{username}}.\n";
constexpr const char* kHtml =
    "<!doctype html>\n<html><body>\n<p>Hello {{first_name}} {{last_name}},</p>\n"
    "<p>your account is ready. Your username is <b>{{username}}</b>.</p>\n</body></html>\n";

mail::Template template_of(const json::object& settings, std::string_view name, const char* otherwise) {
    return {name, std::string(lantern::find_text(settings, name).value_or(otherwise)), kFields};
}

std::string text_of(const json::object& settings, std::string_view name, const char* otherwise = "") {
    return std::string(lantern::find_text(settings, name).value_or(otherwise));
}

std::unique_ptr<mail::Post> post_of(const json::object& settings) {
    if (const std::string folder = text_of(settings, "directory"); !folder.empty())
        return mail::folder_post(folder);
    using Tls = mail::SmtpSettings::Tls;
    const std::string tls = text_of(settings, "tls", "try");
    return mail::smtp_post({.url = text_of(settings, "smtp_url", "smtp://127.0.0.1:25"),
                            .username = text_of(settings, "smtp_username"),
                            .password = text_of(settings, "smtp_password"),
                            .tls = tls == "none"       ? Tls::none
                                   : tls == "required" ? Tls::required
                                                       : Tls::attempt});
}

class WelcomeEmail : public lantern::SideEffect {
public:
    explicit WelcomeEmail(const lantern::Setup& setup)
        : from_(text_of(setup.settings(), "from")),
          from_name_(text_of(setup.settings(), "from_name")),
          subject_(template_of(setup.settings(), "subject", kSubject)),
          text_(template_of(setup.settings(), "text", kText)),
          html_(template_of(setup.settings(), "html", kHtml)),
          post_(post_of(setup.settings())) {
        if (!mail::is_address(from_))
            throw std::invalid_argument("setting from: found \"" + from_ + "\", expected an e-mail address");
    }

    static lantern::Description describe() {
        return lantern::Description("welcome_email", "1.0.0").on("USER_CREATED", 2).settings(kSettings);
    }

    Outcome act(const lantern::Event& event, const lantern::Attempt& attempt) {
        const std::string_view to = event.text("email");
        if (!mail::is_address(to)) return Outcome::rejected("the user's e-mail address is not one");
        const auto field = [&](std::string_view name) { return event.find_text(name).value_or(""); };
        const mail::Message message{.from = from_,
                                    .from_name = from_name_,
                                    .to = std::string(to),
                                    .subject = subject_.filled(field, mail::Escape::none),
                                    .text = text_.filled(field, mail::Escape::none),
                                    .html = html_.filled(field, mail::Escape::html),
                                    .date = event.recorded_at(),
                                    .key = std::string(attempt.idempotency_key())};
        return post_->send(message, time_left(attempt));
    }

private:
    static std::chrono::milliseconds time_left(const lantern::Attempt& attempt) {
        using namespace std::chrono;
        const auto left = duration_cast<milliseconds>(attempt.deadline() - system_clock::now());
        return std::clamp(left, milliseconds(1'000), milliseconds(60'000));
    }

    const std::string from_;
    const std::string from_name_;
    const mail::Template subject_, text_, html_;
    const std::unique_ptr<mail::Post> post_;
};

}  // namespace

LANTERN_PLUGIN(WelcomeEmail)
