// What a failed expectation throws. Any test framework shows its text; with GoogleTest it fails the test.
#pragma once

#include <stdexcept>
#include <string>

#include <lantern/testing/shapes.hpp>

namespace lantern::testing {

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline json::value parse_expected(std::string_view text) {
    json::error_code error;
    json::value parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) throw Failure("the expectation is no JSON: " + std::string(text));
    return parsed;
}

// Collects text of the border's sinks.
class Collected {
public:
    Collected() {
        sink_.size = sizeof sink_;
        sink_.context = &text_;
        sink_.write = [](void* context, lantern_str piece) {
            static_cast<std::string*>(context)->append(piece.data, piece.size);
        };
    }
    Collected(const Collected&) = delete;
    Collected& operator=(const Collected&) = delete;

    const lantern_sink* sink() const { return &sink_; }
    const std::string& text() const { return text_; }

private:
    std::string text_;
    lantern_sink sink_{};
};

// What a handler answered.
struct Answer {
    lantern_outcome_kind kind = LANTERN_APPLIED;
    std::string reason;
    std::string dependency;
    std::int64_t after_us = 0;

    bool advances() const { return kind == LANTERN_APPLIED || kind == LANTERN_SKIPPED; }
    std::string text() const {
        static constexpr const char* kNames[] = {"applied", "skipped", "retry", "rejected", "unavailable"};
        std::string out = kNames[kind];
        if (!dependency.empty()) out += " " + dependency;
        if (!reason.empty()) out += ": " + reason;
        return out;
    }
};

inline Answer answer_of(const lantern_outcome& outcome) {
    if (outcome.kind < LANTERN_APPLIED || outcome.kind > LANTERN_UNAVAILABLE)
        throw Failure("unknown outcome " + std::to_string(outcome.kind));
    return {static_cast<lantern_outcome_kind>(outcome.kind), std::string(view(outcome.reason)),
            std::string(view(outcome.dependency)), outcome.after_us};
}

}  // namespace lantern::testing
