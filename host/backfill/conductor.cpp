#include "host/backfill/conductor.hpp"

#include <array>

#include "host/core/fault.hpp"

namespace lantern::backfill {
namespace {

constexpr std::array<std::string_view, 7> kPhases = {"plan", "load", "keys", "rest", "catch_up", "verify", "swap"};
constexpr Milliseconds kNow{0};
constexpr Milliseconds kLookAgain{200};
constexpr Milliseconds kLastShareAgain{50};
constexpr Milliseconds kBarrierAgain{50};

}  // namespace

std::string_view phase_name(Phase phase) {
    return kPhases[static_cast<std::size_t>(phase)];
}

std::optional<Phase> parse_phase(std::string_view name) {
    for (std::size_t at = 0; at < kPhases.size(); ++at)
        if (kPhases[at] == name) return static_cast<Phase>(at);
    return std::nullopt;
}

Milliseconds Conductor::enter(Phase phase) {
    site_.enter(phase);
    phase_ = phase;
    return kNow;
}

std::optional<Milliseconds> Conductor::step() {
    switch (phase_) {
        case Phase::plan:
            site_.create();
            return enter(Phase::load);
        case Phase::load:
            return site_.loaded() ? enter(Phase::keys) : kLastShareAgain;
        case Phase::keys:
            site_.build_keys();
            return enter(Phase::rest);
        case Phase::rest:
            site_.catch_up_rest();
            return enter(Phase::catch_up);
        case Phase::catch_up:
            return site_.catch_up() > kNearEvents ? kNow : after_catch_up();
        case Phase::verify: {
            const bool equal = site_.equal();
            if (when_ == SwapWhen::compared || (when_ == SwapWhen::if_equal && equal)) return enter(Phase::swap);
            if (when_ == SwapWhen::if_equal) {
                site_.end("failed", "the models are not equal; the new one was not swapped in");
            } else {
                site_.end("done", equal ? "the models are equal; not swapped, as asked"
                                        : "the models are not equal; not swapped, as asked");
            }
            return std::nullopt;
        }
        case Phase::swap:
            return swap();
    }
    return std::nullopt;
}

std::optional<Milliseconds> Conductor::after_catch_up() {
    return enter(when_ == SwapWhen::ready || swapping_since_ ? Phase::swap : Phase::verify);
}

std::optional<Milliseconds> Conductor::swap() {
    if (!swapping_since_) swapping_since_ = clock_.steady();
    const bool patient = clock_.steady() - *swapping_since_ < kPatience;
    if (const auto why = site_.in_the_way()) {
        if (patient) {
            site_.catch_up();
            return kLookAgain;
        }
        site_.end("failed", "not swapped: " + *why + "; `lantern jobs resume` tries again");
        return std::nullopt;
    }
    Site::Swapped swapped = Site::Swapped::busy;
    try {
        swapped = site_.swap();
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::configuration) throw;
        site_.end("failed", std::string("not swapped: ") + fault.what());
        return std::nullopt;
    }
    if (swapped == Site::Swapped::done) {
        site_.end("done", "");
        return std::nullopt;
    }
    if (!patient) {
        site_.end("failed", "not swapped: the handler's barrier was never free; `lantern jobs resume` tries again");
        return std::nullopt;
    }
    if (swapped == Site::Swapped::far) return enter(Phase::catch_up);
    site_.catch_up();
    return kBarrierAgain;
}

}  // namespace lantern::backfill
