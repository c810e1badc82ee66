#include "host/settings/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace lantern::settings {
namespace {

using Unit = std::pair<std::string_view, std::int64_t>;

constexpr std::array<Unit, 5> kDurations{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 7> kSizes{{{"B", 1},
                                      {"KiB", 1 << 10},
                                      {"MiB", 1 << 20},
                                      {"GiB", 1 << 30},
                                      {"kB", 1000},
                                      {"MB", 1'000'000},
                                      {"GB", 1'000'000'000}}};

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units) {
    std::int64_t count = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    for (const auto& [unit, factor] : units) {
        std::int64_t product = 0;
        if (name == unit && !__builtin_mul_overflow(count, factor, &product)) return product;
    }
    return std::nullopt;
}

// The largest unit that divides the count.
template <std::size_t N>
std::string show_with_unit(std::int64_t count, const std::array<Unit, N>& units, std::size_t candidates) {
    for (std::size_t i = candidates; i-- > 0;) {
        const auto& [unit, factor] = units[i];
        if (count >= factor && count % factor == 0) return std::to_string(count / factor) + std::string(unit);
    }
    return std::to_string(count) + std::string(units[0].first);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto count = parse_with_unit(text, kDurations);
    if (!count) return std::nullopt;
    return std::chrono::milliseconds(*count);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
    return parse_with_unit(text, kSizes);
}

std::optional<Rate> parse_rate(std::string_view text) {
    constexpr std::int64_t kActsMax = 1'000'000;
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto acts = parse_integer(text.substr(0, slash));
    if (!acts || *acts < 1 || *acts > kActsMax) return std::nullopt;
    for (const auto& [unit, ms] : kDurations)
        if (text.substr(slash + 1) == unit && unit != "ms")
            return Rate{static_cast<int>(*acts), std::chrono::milliseconds(ms)};
    return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<double> parse_real(std::string_view text) {
    double number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::string show_duration(std::chrono::milliseconds duration) {
    return show_with_unit(duration.count(), kDurations, kDurations.size());
}

std::string show_bytes(std::int64_t bytes) {
    return show_with_unit(bytes, kSizes, 4);
}

}  // namespace lantern::settings
