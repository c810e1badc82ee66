// Fields of a command's body, checked. What is wrong is rejected under the field's name, all fields at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <lantern/plugin.hpp>

namespace user {

class Fields {
public:
    Fields(const lantern::Command& command, lantern::Decision& decision)
        : body_(command.data()), decision_(decision) {}

    bool given(std::string_view field) const { return body_.contains(lantern::to_json(field)); }

    std::string username(std::string_view field);
    std::string email(std::string_view field);
    std::string name(std::string_view field);  // a person's; may be empty, also when not given
    std::string_view new_password(std::string_view field);
    std::string_view present_password(std::string_view field);
    std::string role(std::string_view field);    // default user
    std::string status(std::string_view field);  // active or suspended
    std::string reason(std::string_view field);
    std::string_view text(std::string_view field);

private:
    // Nothing: missing or no text, and rejected as such.
    std::optional<std::string_view> required(std::string_view field);

    const lantern::json::object& body_;
    lantern::Decision& decision_;
};

}  // namespace user
