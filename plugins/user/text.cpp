#include "text.hpp"

#include <algorithm>
#include <cstdint>

namespace user {
namespace {

// The lower-case form of one code point below U+0800, the two-byte range of UTF-8.
std::uint32_t lower(std::uint32_t c) {
    if (c >= 'A' && c <= 'Z') return c + 0x20;
    if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 0x20;
    if (c == 0x130) return 'i';  // dotted I
    if (c == 0x178) return 0xFF;
    const bool pairs_even = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177) ||
                            (c >= 0x1DE && c <= 0x1EF) || (c >= 0x1F8 && c <= 0x21F) ||
                            (c >= 0x222 && c <= 0x233) || (c >= 0x460 && c <= 0x481) ||
                            (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F);
    const bool pairs_odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E) || (c >= 0x1CD && c <= 0x1DC) ||
                           (c >= 0x4C1 && c <= 0x4CE);
    if (pairs_even) return c | 1;
    if (pairs_odd) return c % 2 == 1 ? c + 1 : c;
    if (c >= 0x391 && c <= 0x3AB && c != 0x3A2) return c + 0x20;
    if (c == 0x386) return 0x3AC;
    if (c >= 0x388 && c <= 0x38A) return c + 0x25;
    if (c == 0x38C) return 0x3CC;
    if (c == 0x38E || c == 0x38F) return c + 0x3F;
    if (c == 0x3C2) return 0x3C3;  // final sigma
    if (c >= 0x400 && c <= 0x40F) return c + 0x50;
    if (c >= 0x410 && c <= 0x42F) return c + 0x20;
    if (c >= 0x531 && c <= 0x556) return c + 0x30;
    return c;
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c >= 0x80;
    });
}

bool is_domain(std::string_view domain) {
    int labels = 0;
    for (std::size_t begin = 0;; ++labels) {
        const std::size_t dot = domain.find('.', begin);
        if (!is_label(domain.substr(begin, dot - begin))) return false;
        if (dot == std::string_view::npos) return labels >= 1;
        begin = dot + 1;
    }
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

bool has_control_characters(std::string_view utf8) {
    for (std::size_t at = 0; at < utf8.size(); ++at) {
        const unsigned char c = static_cast<unsigned char>(utf8[at]);
        if (c < 0x20 || c == 0x7F) return true;
        // U+0080 to U+009F
        if (c == 0xC2 && at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xA0) return true;
    }
    return false;
}

bool is_email(std::string_view text) {
    const std::size_t sign = text.find('@');
    if (sign == std::string_view::npos || sign == 0 || sign > 64) return false;
    if (has_control_characters(text)) return false;
    const std::string_view local = text.substr(0, sign);
    if (local.find_first_of(" \"(),:;<>[\\]") != std::string_view::npos) return false;
    if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
    return is_domain(text.substr(sign + 1));
}

std::string lower(std::string_view utf8) {
    std::string out(utf8);
    for (std::size_t at = 0; at < out.size(); ++at) {
        const auto lead = static_cast<unsigned char>(out[at]);
        if (lead < 0x80) {
            out[at] = static_cast<char>(lower(lead));
        } else if (lead >= 0xC2 && lead <= 0xDF && at + 1 < out.size()) {
            const std::uint32_t c = (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(out[at + 1]) & 0x3Fu);
            const std::uint32_t to = lower(c);
            if (to < 0x80) {
                out.replace(at, 2, 1, static_cast<char>(to));
                continue;
            }
            out[at] = static_cast<char>(0xC0 | to >> 6);
            out[++at] = static_cast<char>(0x80 | (to & 0x3F));
        }
    }
    return out;
}

}  // namespace user
