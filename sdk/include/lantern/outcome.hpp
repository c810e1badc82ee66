// What a projection or a side effect answers for an event. Returning nothing (void) is applied; an exception is
// retry with its text.
#pragma once

#include <chrono>
#include <string>

#include <lantern/values.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Outcome {
public:
    using Delay = std::chrono::microseconds;

    static Outcome applied() { return Outcome(LANTERN_APPLIED); }
    // There was nothing to do.
    static Outcome skipped(std::string reason) { return Outcome(LANTERN_SKIPPED, std::move(reason)); }
    // May succeed later. `after` zero: as the handler's settings say.
    static Outcome retry(std::string reason, Delay after = {}) {
        return Outcome(LANTERN_RETRY, std::move(reason), {}, after);
    }
    // Will never succeed; an operator must look.
    static Outcome rejected(std::string reason) { return Outcome(LANTERN_REJECTED, std::move(reason)); }
    // Something that many events need is away; no attempt is counted.
    static Outcome unavailable(std::string dependency, std::string reason, Delay after = {}) {
        return Outcome(LANTERN_UNAVAILABLE, std::move(reason), std::move(dependency), after);
    }

    lantern_outcome_kind kind() const { return kind_; }
    const std::string& reason() const { return reason_; }
    const std::string& dependency() const { return dependency_; }
    Delay after() const { return after_; }

private:
    explicit Outcome(lantern_outcome_kind kind, std::string reason = {}, std::string dependency = {},
                     Delay after = {})
        : kind_(kind), reason_(std::move(reason)), dependency_(std::move(dependency)), after_(after) {}

    lantern_outcome_kind kind_;
    std::string reason_;
    std::string dependency_;
    Delay after_;
};

}  // namespace sdk_v1
}  // namespace lantern
