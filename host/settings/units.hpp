// Text with units as values. Nothing when the text is not of the form, or the value does not fit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/core/handler.hpp"

namespace lantern::settings {

// 250ms, 30s, 5m, 12h, 7d; whole numbers with a unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// 512B, 64KiB, 1MiB, 2GiB, and powers of ten: 64kB, 1MB, 2GB.
std::optional<std::int64_t> parse_bytes(std::string_view text);
// 10/s, 100/m, 5000/h.
std::optional<Rate> parse_rate(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);  // finite

std::string show_duration(std::chrono::milliseconds duration);
std::string show_bytes(std::int64_t bytes);

}  // namespace lantern::settings
