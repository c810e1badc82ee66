#include "host/core/clock.hpp"

#include <bit>
#include <cstdio>
#include <ctime>
#include <random>

namespace lantern {

Timestamp SystemClock::now() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady() {
    return std::chrono::steady_clock::now();
}

SystemRandom::SystemRandom() {
    std::random_device kernel;
    for (auto& word : state_) word = (std::uint64_t{kernel()} << 32) | kernel();
}

SystemRandom::SystemRandom(std::uint64_t seed) {
    // splitmix64, as the authors of xoshiro advise.
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
        word = mixed ^ (mixed >> 31);
    }
}

std::uint64_t SystemRandom::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::string iso8601(Timestamp time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    char text[40];
    const int size =
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", int(date.year()),
                      unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                      int(clock.minutes().count()), int(clock.seconds().count()), int(clock.subseconds().count()));
    return {text, static_cast<std::size_t>(size)};
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
    using namespace std::chrono;
    const std::string copy(text);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                    &used) != 6) {
        return std::nullopt;
    }
    const year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                              std::chrono::day(unsigned(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60 || hour < 0 || minute < 0 || second < 0) {
        return std::nullopt;
    }
    std::size_t at = static_cast<std::size_t>(used);
    std::int64_t micros = 0;
    if (at < copy.size() && copy[at] == '.') {
        int digits = 0;
        for (++at; at < copy.size() && copy[at] >= '0' && copy[at] <= '9'; ++at, ++digits) {
            if (digits < 6) micros = micros * 10 + (copy[at] - '0');
        }
        if (digits == 0) return std::nullopt;
        for (; digits < 6; ++digits) micros *= 10;
    }
    minutes offset{0};
    if (at + 1 == copy.size() && (copy[at] == 'Z' || copy[at] == 'z')) {
        // UTC
    } else if (at + 6 == copy.size() && (copy[at] == '+' || copy[at] == '-') && copy[at + 3] == ':') {
        int hours_off = 0, minutes_off = 0;
        if (std::sscanf(copy.c_str() + at + 1, "%2d:%2d", &hours_off, &minutes_off) != 2) return std::nullopt;
        offset = minutes((hours_off * 60 + minutes_off) * (copy[at] == '-' ? -1 : 1));
    } else {
        return std::nullopt;
    }
    return Timestamp{sys_days{date}} + hours(hour) + minutes(minute) + seconds(second) + microseconds(micros) -
           offset;
}

}  // namespace lantern
