#include "host/postgres/store/shown_row.hpp"

#include <algorithm>
#include <optional>

#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

// Of types that are shown as they are read, under the session settings of connection.cpp. Nothing: to_json's
// matter.
std::optional<Shown> shown_as(const std::string& type) {
    for (const char* number : {"bigint", "integer", "smallint", "double precision", "real", "numeric"})
        if (type == number) return Shown::number;
    if (type == "boolean") return Shown::boolean;
    if (type == "timestamp with time zone") return Shown::time;
    if (type == "json" || type == "jsonb") return Shown::json;
    if (type == "text" || type == "uuid" || type == "date" || type.starts_with("character varying"))
        return Shown::text;
    return std::nullopt;
}

void append_text(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out.push_back('"');
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.substr(from, at - from));
        from = at + 1;
        out.push_back('\\');
        static constexpr std::string_view kSpecial = "\b\f\n\r\t\"\\", kLetters = "bfnrt\"\\";
        if (const auto known = kSpecial.find(text[at]); known != std::string_view::npos) {
            out.push_back(kLetters[known]);
        } else {
            out.append("u00");
            out.push_back(kHex[byte >> 4]);
            out.push_back(kHex[byte & 15]);
        }
    }
    out.append(text.substr(from));
    out.push_back('"');
}

// "2026-11-21 03:33:26.0001+00" as "2026-11-21T03:33:26.000100Z". Infinite ones are null; what else looks otherwise
// (before Christ) stays as it is.
void append_time(std::string& out, std::string_view text) {
    constexpr std::string_view kZone = "+00";
    constexpr std::size_t kSeconds = 8, kFraction = 6;
    const auto space = text.find(' ');
    if (text == "infinity" || text == "-infinity") {
        out += "null";
    } else if (space == std::string_view::npos || !text.ends_with(kZone)) {
        append_text(out, text);
    } else {
        const auto clock = text.substr(space + 1, text.size() - space - 1 - kZone.size());
        const auto fraction = clock.size() > kSeconds ? clock.substr(kSeconds + 1) : std::string_view();
        out.push_back('"');
        out.append(text.substr(0, space)).append("T").append(clock.substr(0, kSeconds)).append(".");
        out.append(fraction).append(kFraction - std::min(fraction.size(), kFraction), '0').append("Z\"");
    }
}

}  // namespace

void append_shown(std::string& out, Shown as, std::string_view text) {
    switch (as) {
        case Shown::text:
            return append_text(out, text);
        case Shown::number:  // not NaN, not Infinity
            if (text.empty() || text.back() < '0' || text.back() > '9') return append_text(out, text);
            out += text;
            return;
        case Shown::boolean:
            out += text == "t" ? "true" : "false";
            return;
        case Shown::time:
            return append_time(out, text);
        case Shown::json:
            out += text;
            return;
    }
}

bool is_plain(const std::string& type) {
    return shown_as(type).has_value();
}

std::string shown_columns(const ReadTable& table) {
    std::string out;
    for (const auto& column : table.columns) {
        const auto name = "t." + sql_name(column.name);
        out.append(out.empty() ? "" : ", ");
        out.append(is_plain(column.type) ? name : "to_json(" + name + ")");
    }
    return out;
}

ShownRow::ShownRow(const ReadTable& table, int first) : table_(table), first_(first) {
    for (const auto& column : table.columns) shown_.push_back(shown_as(column.type).value_or(Shown::json));
}

std::string ShownRow::text(const Rows& rows, std::size_t row) const {
    constexpr std::size_t kUsualBytes = 512;
    std::string out(1, '{');
    out.reserve(kUsualBytes);
    for (std::size_t n = 0; n < shown_.size(); ++n) {
        const int column = first_ + static_cast<int>(n);
        if (n) out.push_back(',');
        append_text(out, table_.columns[n].name);
        out.push_back(':');
        if (rows.null(row, column)) {
            out += "null";
        } else {
            append_shown(out, shown_[n], rows.view(row, column));
        }
    }
    out.push_back('}');
    return out;
}

}  // namespace lantern::postgres
