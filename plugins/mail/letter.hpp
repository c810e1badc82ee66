// What a plugin writes to a person about an event. Texts and the way out come from the plugin's settings;
// Message-ID and bytes from the idempotency key and the event, so all attempts send the same message and a mail
// server or reader can tell that it is one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <lantern/plugin.hpp>

#include "post.hpp"
#include "template.hpp"

namespace mail {

// JSON Schema of a letter's settings; `more` are further properties, `required` names those beside `from`.
std::string settings_schema(std::string_view more = "{}", std::span<const std::string_view> required = {});

class Letter {
public:
    // When the settings name none.
    struct Texts {
        const char *subject, *text, *html;
    };
    // What the templates may name.
    using Fields = std::span<const std::string_view>;
    using Value = std::function<std::string_view(std::string_view field)>;

    // Throws std::invalid_argument on a setting that is none.
    Letter(const lantern::json::object& settings, const Texts& otherwise, Fields fields);

    lantern::Outcome send(std::string_view to, const Value& value, const lantern::Event& event,
                          const lantern::Attempt& attempt) const;

private:
    const std::string from_;
    const std::string from_name_;
    const Template subject_, text_, html_;
    const std::unique_ptr<Post> post_;
};

}  // namespace mail
