// What a plugin answered for an event.
#pragma once

#include <chrono>
#include <string>

namespace lantern {

struct Outcome {
    enum class Kind { applied, skipped, retry, rejected, unavailable };

    Kind kind = Kind::applied;
    std::string reason;                  // all but applied
    std::string dependency;              // unavailable
    std::chrono::microseconds after{0};  // retry, unavailable: not before; 0 = as configured

    bool advances() const { return kind == Kind::applied || kind == Kind::skipped; }
};

}  // namespace lantern
