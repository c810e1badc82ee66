#include "fields.hpp"

#include "text.hpp"

namespace user {
namespace {

constexpr std::size_t kUsernameMin = 3, kUsernameMax = 100;
constexpr std::size_t kEmailMax = 255;
constexpr std::size_t kNameMax = 100;
constexpr std::size_t kPasswordMin = 8;
constexpr std::size_t kPasswordBytesMax = 1024;
constexpr std::size_t kReasonMax = 1000;

}  // namespace

std::optional<std::string_view> Fields::required(std::string_view field) {
    const lantern::json::value* value = lantern::find(body_, field);
    if (!value) {
        decision_.invalid(field, "is required");
        return std::nullopt;
    }
    if (!value->is_string()) {
        decision_.invalid(field, "must be text");
        return std::nullopt;
    }
    return lantern::from_json(value->get_string());
}

std::string Fields::username(std::string_view field) {
    const auto text = required(field);
    if (!text) return {};
    const std::string_view name = trimmed(*text);
    const std::size_t size = characters(name);
    if (size < kUsernameMin || size > kUsernameMax)
        decision_.invalid(field, "must have 3 to 100 characters");
    else if (has_control_characters(name))
        decision_.invalid(field, "must not contain control characters");
    return std::string(name);
}

std::string Fields::email(std::string_view field) {
    const auto text = required(field);
    if (!text) return {};
    const std::string_view email = trimmed(*text);
    if (characters(email) > kEmailMax)
        decision_.invalid(field, "must have at most 255 characters");
    else if (!is_email(email))
        decision_.invalid(field, "must be an e-mail address");
    return std::string(email);
}

std::string Fields::name(std::string_view field) {
    if (!given(field)) return {};
    const auto text = required(field);
    if (!text) return {};
    const std::string_view name = trimmed(*text);
    if (characters(name) > kNameMax)
        decision_.invalid(field, "must have at most 100 characters");
    else if (has_control_characters(name))
        decision_.invalid(field, "must not contain control characters");
    return std::string(name);
}

std::string_view Fields::new_password(std::string_view field) {
    const auto text = required(field);
    if (!text) return {};
    if (characters(*text) < kPasswordMin)
        decision_.invalid(field, "must have at least 8 characters");
    else if (text->size() > kPasswordBytesMax)
        decision_.invalid(field, "must have at most 1024 bytes");
    return *text;
}

std::string_view Fields::present_password(std::string_view field) {
    return text(field);
}

std::string Fields::role(std::string_view field) {
    if (!given(field)) return "user";
    const auto text = required(field);
    if (!text) return {};
    if (*text != "admin" && *text != "user") decision_.invalid(field, "must be admin or user");
    return std::string(*text);
}

std::string Fields::status(std::string_view field) {
    const auto text = required(field);
    if (!text) return {};
    if (*text != "active" && *text != "suspended") decision_.invalid(field, "must be active or suspended");
    return std::string(*text);
}

std::string_view Fields::text(std::string_view field) {
    return required(field).value_or(std::string_view());
}

std::string Fields::reason(std::string_view field) {
    const auto text = required(field);
    if (!text) return {};
    const std::string_view reason = trimmed(*text);
    if (reason.empty())
        decision_.invalid(field, "must not be empty");
    else if (characters(reason) > kReasonMax)
        decision_.invalid(field, "must have at most 1000 characters");
    return std::string(reason);
}

}  // namespace user
