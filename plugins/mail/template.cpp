#include "template.hpp"

#include <algorithm>
#include <stdexcept>

namespace mail {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// The fields that a place names, in their order, until `use` returns true.
template <class Use>
void each_field(std::string_view place, Use use) {
    for (;;) {
        const std::size_t bar = place.find('|');
        if (use(trimmed(place.substr(0, bar))) || bar == std::string_view::npos) return;
        place.remove_prefix(bar + 1);
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

// Calls `plain` with text between places, `place` with what stands in each.
template <class Plain, class Place>
void walk(std::string_view text, Plain plain, Place place) {
    for (;;) {
        const std::size_t begin = text.find("{{");
        plain(text.substr(0, begin));
        if (begin == std::string_view::npos) return;
        const std::size_t end = text.find("}}", begin);
        if (end == std::string_view::npos) throw std::invalid_argument("{{ without }}");
        place(text.substr(begin + 2, end - begin - 2));
        text.remove_prefix(end + 2);
    }
}

}  // namespace

Template::Template(std::string_view setting, std::string text, std::span<const std::string_view> fields)
    : text_(std::move(text)) {
    const auto refuse = [&](const std::string& why) {
        std::string known;
        for (std::string_view field : fields) known += " {{" + std::string(field) + "}}";
        throw std::invalid_argument("setting " + std::string(setting) + ": " + why + "; known places are" + known);
    };
    try {
        walk(
            text_, [](std::string_view) {},
            [&](std::string_view place) {
                each_field(place, [&](std::string_view field) {
                    if (std::find(fields.begin(), fields.end(), field) == fields.end())
                        throw std::invalid_argument("found {{" + std::string(field) + "}}");
                    return false;
                });
            });
    } catch (const std::invalid_argument& wrong) {
        refuse(wrong.what());
    }
}

std::string Template::filled(const std::function<std::string_view(std::string_view)>& value, Escape escape) const {
    std::string out;
    walk(
        text_, [&](std::string_view plain) { out += plain; },
        [&](std::string_view place) {
            std::string_view found;
            each_field(place, [&](std::string_view field) {
                found = value(field);
                return !found.empty();
            });
            if (escape == Escape::html)
                out += escaped(found);
            else
                out += found;
        });
    return out;
}

}  // namespace mail
