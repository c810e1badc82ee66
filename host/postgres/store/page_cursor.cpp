// Each value is "-" for null, or "x" and the bytes in hex; joined by ".".
#include "host/postgres/store/page_cursor.hpp"

#include <charconv>

namespace lantern::postgres {

std::string cursor_text(const CursorValues& values) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const auto& value : values) {
        if (!out.empty()) out.push_back('.');
        out.push_back(value ? 'x' : '-');
        if (!value) continue;
        for (const char c : *value) {
            const auto byte = static_cast<unsigned char>(c);
            out.push_back(kHex[byte >> 4]);
            out.push_back(kHex[byte & 15]);
        }
    }
    return out;
}

std::optional<CursorValues> parse_cursor(std::string_view text) {
    CursorValues values;
    while (true) {
        const auto dot = text.find('.');
        const auto part = text.substr(0, dot);
        if (part == "-") {
            values.emplace_back(std::nullopt);
        } else {
            if (part.empty() || part.front() != 'x' || part.size() % 2 == 0) return std::nullopt;
            std::string value;
            for (std::size_t at = 1; at < part.size(); at += 2) {
                unsigned byte = 0;
                const auto* end = part.data() + at + 2;
                if (std::from_chars(part.data() + at, end, byte, 16).ptr != end || byte == 0) return std::nullopt;
                value.push_back(static_cast<char>(byte));
            }
            values.emplace_back(std::move(value));
        }
        if (dot == std::string_view::npos) return values;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace lantern::postgres
