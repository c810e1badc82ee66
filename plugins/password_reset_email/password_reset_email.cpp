// The mail with the link that resets a password. Its token is in no event: it is computed here, as the aggregate
// computed it, from the key that both have in their settings.
#include <lantern/plugin.hpp>

#include "../mail/letter.hpp"
#include "../user/reset_token.hpp"

namespace {

using lantern::Outcome;

constexpr std::string_view kFields[] = {"user_id", "reset_id", "token", "expires_at", "email"};
constexpr std::string_view kRequired[] = {"reset_key"};

constexpr const char* kSettings = R"({
    "reset_key": {"type": "string", "x-secret": true,
                  "description": "The same as that of the aggregate user; at least 16 bytes."}})";

constexpr mail::Letter::Texts kTexts{
    .subject = "Reset your password",
    .text =
        "Somebody, probably you, asked for a new password.\n\n"
        "User: {{user_id}}\nReset: {{reset_id}}\nToken: {{token}}\n\n"
        "The token is good once, until {{expires_at}}. If it was not you, there is nothing to do.\n",
    .html = ""};

class PasswordResetEmail : public lantern::SideEffect {
public:
    explicit PasswordResetEmail(const lantern::Setup& setup)
        : letter_(setup.settings(), kTexts, kFields), key_(lantern::text(setup.settings(), "reset_key")) {}

    static lantern::Description describe() {
        return lantern::Description("password_reset_email", "1.0.0")
            .on("PASSWORD_RESET_REQUESTED")
            .settings(mail::settings_schema(kSettings, kRequired));
    }

    Outcome act(const lantern::Event& event, const lantern::Attempt& attempt) {
        if (key_.size() < user::kResetKeyBytesMin)
            return Outcome::unavailable("the setting reset_key", "it has less than 16 bytes");
        const auto expires = lantern::parse_time(event.text("expires_at"));
        if (expires && *expires < attempt.deadline()) return Outcome::skipped("the reset has expired");
        const std::string token = user::reset_token(key_, event.aggregate_id(), event.text("reset_id"));
        if (user::hash_of_token(token) != event.text("token_hash"))
            return Outcome::rejected("the token does not fit: reset_key is not that of the aggregate");
        const auto value = [&](std::string_view field) -> std::string_view {
            if (field == "token") return token;
            if (field == "user_id") return event.aggregate_id();
            return event.find_text(field).value_or("");
        };
        return letter_.send(event.text("email"), value, event, attempt);
    }

private:
    const mail::Letter letter_;
    const std::string key_;
};

}  // namespace

LANTERN_PLUGIN(PasswordResetEmail)
