// A clock that stands until it is advanced; both of its times begin long after nothing.
#pragma once

#include <chrono>

#include "host/core/clock.hpp"

namespace lantern::test {

class ManualClock final : public Clock {
public:
    Timestamp now() override { return Timestamp{std::chrono::seconds{1'800'000'000}} + elapsed_; }
    std::chrono::steady_clock::time_point steady() override {
        return std::chrono::steady_clock::time_point{std::chrono::hours{1}} + elapsed_;
    }
    void advance(std::chrono::microseconds by) { elapsed_ += by; }

private:
    std::chrono::microseconds elapsed_{0};
};

}  // namespace lantern::test
