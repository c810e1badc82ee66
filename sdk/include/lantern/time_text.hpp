// Times and dates as text: 2026-11-23T15:47:00.000000Z, 2026-11-23.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace lantern::time_text {

inline std::string date_text(std::int64_t days) {
    const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{days}}};
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", int(day.year()), unsigned(day.month()), unsigned(day.day()));
    return text;
}

inline std::string text(std::int64_t microseconds) {
    const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{microseconds}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::int64_t rest = (time - day).count();
    char text[40];
    std::snprintf(text, sizeof text, "T%02d:%02d:%02d.%06dZ", int(rest / 3'600'000'000),
                  int(rest / 60'000'000 % 60), int(rest / 1'000'000 % 60), int(rest % 1'000'000));
    return date_text(day.time_since_epoch().count()) + text;
}

// RFC 3339 with zone Z or an offset, fraction of up to six digits.
inline std::optional<std::int64_t> parse_time(std::string_view from) {
    const std::string text(from);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                    &used) != 6)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month(unsigned(month)),
                                           std::chrono::day(unsigned(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::int64_t micros = 0;
    std::size_t at = std::size_t(used);
    if (at < text.size() && text[at] == '.') {
        std::int64_t unit = 100'000;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
            micros += unit * (text[at] - '0');
    }
    int offset = 0;
    const std::string zone = text.substr(at);
    int zone_hours = 0, zone_minutes = 0;
    char sign = '+';
    if (zone != "Z") {
        if (std::sscanf(zone.c_str(), "%c%2d:%2d", &sign, &zone_hours, &zone_minutes) != 3) return std::nullopt;
        if (sign != '+' && sign != '-') return std::nullopt;
        offset = (zone_hours * 60 + zone_minutes) * (sign == '-' ? -1 : 1);
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute - offset) * 60'000'000 + second * std::int64_t{1'000'000} + micros;
}

}  // namespace lantern::time_text
