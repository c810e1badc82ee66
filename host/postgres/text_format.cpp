#include "host/postgres/text_format.hpp"

#include <charconv>
#include <cmath>

#include "host/core/assert.hpp"

namespace lantern::postgres {
namespace {

constexpr std::int64_t kDayMicroseconds = 86'400'000'000;

void append_padded(std::string& out, std::int64_t value, int digits) {
    char buffer[20];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    for (auto missing = digits - (end - buffer); missing > 0; --missing) out.push_back('0');
    out.append(buffer, end);
}

// Proleptic Gregorian, any year: http://howardhinnant.github.io/date_algorithms.html
struct Civil {
    std::int64_t year, month, day;
};
Civil civil_from_days(std::int64_t days) {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const std::int64_t doe = days - era * 146'097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
    return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1};
}
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t yoe = year - era * 400;
    const std::int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
}

// "BC" counts 1 BC, 2 BC, ...; year 0 is 1 BC. Returns whether the suffix is due.
bool append_civil(std::string& out, std::int64_t days) {
    const auto civil = civil_from_days(days);
    const bool before_christ = civil.year <= 0;
    append_padded(out, before_christ ? 1 - civil.year : civil.year, 4);
    out.push_back('-');
    append_padded(out, civil.month, 2);
    out.push_back('-');
    append_padded(out, civil.day, 2);
    return before_christ;
}

std::int64_t take_number(std::string_view& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    LANTERN_ASSERT(error == std::errc{}, "PostgreSQL writes dates in ISO format");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}
void take(std::string_view& text, char expected) {
    LANTERN_ASSERT(!text.empty() && text.front() == expected, "PostgreSQL writes dates in ISO format");
    text.remove_prefix(1);
}
std::int64_t take_days(std::string_view& text) {
    std::int64_t year = take_number(text);
    take(text, '-');
    const auto month = take_number(text);
    take(text, '-');
    const auto day = take_number(text);
    if (text.size() >= 3 && text.substr(text.size() - 3) == " BC") {
        year = 1 - year;
        text.remove_suffix(3);
    }
    return days_from_civil(year, month, day);
}

}  // namespace

void append_integer(std::string& out, std::int64_t value) {
    char buffer[24];
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void append_real(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value < 0 ? "-Infinity" : "Infinity";
    } else {
        char buffer[40];
        out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
    }
}

void append_time(std::string& out, std::chrono::microseconds since_epoch) {
    std::int64_t days = since_epoch.count() / kDayMicroseconds;
    std::int64_t rest = since_epoch.count() % kDayMicroseconds;
    if (rest < 0) {
        --days;
        rest += kDayMicroseconds;
    }
    const bool before_christ = append_civil(out, days);
    out.push_back(' ');
    append_padded(out, rest / 3'600'000'000, 2);
    out.push_back(':');
    append_padded(out, rest / 60'000'000 % 60, 2);
    out.push_back(':');
    append_padded(out, rest / 1'000'000 % 60, 2);
    out.push_back('.');
    append_padded(out, rest % 1'000'000, 6);
    out += "+00";
    if (before_christ) out += " BC";
}

void append_date(std::string& out, std::int64_t days_since_epoch) {
    if (append_civil(out, days_since_epoch)) out += " BC";
}

std::chrono::microseconds parse_time(std::string_view text) {
    if (text == "infinity") return std::chrono::microseconds::max();
    if (text == "-infinity") return std::chrono::microseconds::min();
    const auto days = take_days(text);
    take(text, ' ');
    const auto hours = take_number(text);
    take(text, ':');
    const auto minutes = take_number(text);
    take(text, ':');
    std::int64_t micros = take_number(text) * 1'000'000;
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        std::int64_t unit = 100'000;
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit /= 10)
            micros += (text.front() - '0') * unit;
    }
    LANTERN_ASSERT(text == "+00", "the session's time zone is UTC");
    return std::chrono::microseconds(days * kDayMicroseconds + hours * 3'600'000'000 + minutes * 60'000'000 +
                                     micros);
}

std::int64_t parse_date(std::string_view text) {
    return take_days(text);
}

void append_value(std::string& out, ColumnType type, const Value& value) {
    switch (type) {
        case ColumnType::boolean:
            out.push_back(std::get<std::int64_t>(value) != 0 ? 't' : 'f');
            break;
        case ColumnType::integer:
            append_integer(out, std::get<std::int64_t>(value));
            break;
        case ColumnType::real:
            append_real(out, std::get<double>(value));
            break;
        case ColumnType::time:
            append_time(out, std::chrono::microseconds(std::get<std::int64_t>(value)));
            break;
        case ColumnType::date:
            append_date(out, std::get<std::int64_t>(value));
            break;
        case ColumnType::text:
        case ColumnType::uuid:
        case ColumnType::json:
            out += std::get<std::string>(value);
            break;
    }
}

Value parse_value(ColumnType type, std::string_view text) {
    switch (type) {
        case ColumnType::boolean:
            return std::int64_t{text == "t"};
        case ColumnType::integer:
            return take_number(text);
        case ColumnType::real: {
            if (text == "NaN") return std::nan("");
            if (text == "Infinity") return HUGE_VAL;
            if (text == "-Infinity") return -HUGE_VAL;
            double value = 0;
            std::from_chars(text.data(), text.data() + text.size(), value);
            return value;
        }
        case ColumnType::time:
            return std::int64_t{parse_time(text).count()};
        case ColumnType::date:
            return parse_date(text);
        case ColumnType::text:
        case ColumnType::uuid:
        case ColumnType::json:
            break;
    }
    return std::string(text);
}

std::string_view sql_type(ColumnType type) {
    switch (type) {
        case ColumnType::boolean:
            return "boolean";
        case ColumnType::integer:
            return "bigint";
        case ColumnType::real:
            return "double precision";
        case ColumnType::text:
            return "text";
        case ColumnType::time:
            return "timestamptz";
        case ColumnType::uuid:
            return "uuid";
        case ColumnType::json:
            return "jsonb";
        case ColumnType::date:
            return "date";
    }
    return "text";
}

namespace {

std::string quoted(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        if (c == quote) out.push_back(quote);
        out.push_back(c);
    }
    return out + quote;
}

}  // namespace

std::string sql_name(std::string_view identifier) {
    return quoted(identifier, '"');
}

std::string sql_literal(std::string_view text) {
    return quoted(text, '\'');
}

std::string hex_of(std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\\x";
    out.reserve(2 + bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(kHex[byte >> 4]);
        out.push_back(kHex[byte & 15]);
    }
    return out;
}

std::string bytes_of(std::string_view hex) {
    std::string out;
    for (std::size_t at = 2; at + 1 < hex.size(); at += 2) {
        unsigned byte = 0;
        std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
        out.push_back(static_cast<char>(byte));
    }
    return out;
}

}  // namespace lantern::postgres
