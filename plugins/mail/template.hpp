// Text with places to fill: "Hello {{first_name}}". "{{first_name|username}}" is the first of both that is not
// empty.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mail {

enum class Escape { none, html };

class Template {
public:
    // Throws std::invalid_argument, naming `setting`, on a place that is not closed or names another one than
    // `fields`.
    Template(std::string_view setting, std::string text, std::span<const std::string_view> fields);

    std::string filled(const std::function<std::string_view(std::string_view field)>& value, Escape escape) const;

private:
    std::string text_;
};

}  // namespace mail
