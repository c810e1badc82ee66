#include "host/telemetry/line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "host/core/clock.hpp"
#include "host/core/utf8.hpp"

namespace lantern::telemetry {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "";
}

void escape_control(std::string& out, char character) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (character) {
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(character) >> 4];
            out += kHex[static_cast<unsigned char>(character) & 15];
    }
}

enum class Quotes { plain, escaped };

void append_safe(std::string& out, std::string_view text, Quotes quotes) {
    while (!text.empty()) {
        const char character = text[0];
        const auto byte = static_cast<unsigned char>(character);
        const std::size_t length = utf8_sequence(text);
        // C1 controls (U+0080 to U+009F) move a terminal's cursor as well as C0 ones do.
        const bool c1 = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
        if (length == 0 || c1) {
            out += kReplacement;
        } else if (byte < 0x20 || byte == 0x7f) {
            escape_control(out, character);
        } else {
            if (quotes == Quotes::escaped && (character == '"' || character == '\\')) out += '\\';
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

std::string number(double value) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::string(text.data(), end) : "0";
}

void append_value(std::string& out, const Field::Content& value, Quotes quotes) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        const bool bare = quotes == Quotes::plain && !text->empty() && text->find_first_of(" =\"\\") == text->npos;
        if (!bare) out += '"';
        append_safe(out, *text, bare ? Quotes::plain : Quotes::escaped);
        if (!bare) out += '"';
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        out += std::to_string(*integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
        out += std::isfinite(*real) ? number(*real) : "null";
    } else {
        out += std::get<bool>(value) ? "true" : "false";
    }
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    append_safe(out, text, Quotes::escaped);
    return out + '"';
}

std::string as_json(const Line& line) {
    std::string out = "{\"time\":\"" + iso8601(line.time) + "\",\"level\":\"";
    out += name_of(line.level);
    out += "\",\"message\":" + json_string(line.message);
    for (const Field* field : line.fields) {
        const bool taken = field->name == "time" || field->name == "level" || field->name == "message";
        out += ',' + json_string(taken ? "_" + field->name : field->name) + ':';
        append_value(out, field->value, Quotes::escaped);
    }
    return out + '}';
}

std::string as_text(const Line& line) {
    constexpr std::size_t kTimeBegin = 11;  // of 2026-11-21T03:33:26.000123Z
    constexpr std::size_t kTimeBytes = 12;
    std::string out = iso8601(line.time).substr(kTimeBegin, kTimeBytes) + ' ';
    out += name_of(line.level);
    out.append(6 - name_of(line.level).size(), ' ');
    append_safe(out, line.message, Quotes::plain);
    for (const Field* field : line.fields) {
        out += ' ';
        append_safe(out, field->name, Quotes::plain);
        out += '=';
        append_value(out, field->value, Quotes::plain);
    }
    return out;
}

}  // namespace lantern::telemetry
