// Time and randomness come in through here, so that tests and simulations own them.
#pragma once

#include <cstdint>

#include "host/core/identifiers.hpp"

namespace lantern {

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() = 0;                                 // wall clock
    virtual std::chrono::steady_clock::time_point steady() = 0;  // for delays and deadlines
};

class Random {
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() override;
    std::chrono::steady_clock::time_point steady() override;
};

// xoshiro256** seeded from the kernel, or from a given seed. Not for secrets.
class SystemRandom final : public Random {
public:
    SystemRandom();
    explicit SystemRandom(std::uint64_t seed);
    std::uint64_t next() override;

private:
    std::uint64_t state_[4];
};

// 2026-11-21T03:33:26.000123Z
std::string iso8601(Timestamp time);
// Accepts RFC 3339 with zone Z or offset, fraction up to six digits.
std::optional<Timestamp> parse_iso8601(std::string_view text);

}  // namespace lantern
