// One mail for every USER_CREATED.
#include <lantern/plugin.hpp>

#include "../mail/letter.hpp"

namespace {

constexpr std::string_view kFields[] = {"username", "email", "first_name", "last_name"};

constexpr mail::Letter::Texts kTexts{
    .subject = "Welcome, {{first_name|username}}",
    .text =
        "Hello {{first_name|username}},\n\n"
        "your account is ready. Your username is {{username}}.\n",
    .html =
        "<!doctype html>\n<html><body>\n<p>Hello {{first_name|username}},</p>\n"
        "<p>your account is ready. Your username is <b>{{username}}</b>.</p>\n</body></html>\n"};

class WelcomeEmail : public lantern::SideEffect {
public:
    explicit WelcomeEmail(const lantern::Setup& setup) : letter_(setup.settings(), kTexts, kFields) {}

    static lantern::Description describe() {
        return lantern::Description("welcome_email", "1.0.0")
            .on("USER_CREATED", 2)
            .settings(mail::settings_schema());
    }

    lantern::Outcome act(const lantern::Event& event, const lantern::Attempt& attempt) {
        const auto value = [&](std::string_view field) { return event.find_text(field).value_or(""); };
        return letter_.send(event.text("email"), value, event, attempt);
    }

private:
    const mail::Letter letter_;
};

}  // namespace

LANTERN_PLUGIN(WelcomeEmail)
