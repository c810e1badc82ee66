// A side effect acts on the outside world: a mail, a webhook. It runs at least once for an event, with an
// idempotency key that stays the same over all attempts, and never in a replay unless an operator asks for it.
//
//     class WelcomeEmail : public lantern::SideEffect {
//     public:
//         static lantern::Description describe();
//         explicit WelcomeEmail(const lantern::Setup& setup);
//         lantern::Outcome act(const lantern::Event& event, const lantern::Attempt& attempt);
//     };
//     LANTERN_PLUGIN(WelcomeEmail)
#pragma once

#include <lantern/border.hpp>
#include <lantern/event.hpp>

namespace lantern {
inline namespace sdk_v1 {

class SideEffect {
public:
    static constexpr lantern_kind kKind = LANTERN_KIND_SIDE_EFFECT;
    static constexpr std::string_view kKindName = "side_effect";
};

class Attempt {
public:
    explicit Attempt(const lantern_attempt& abi) : abi_(abi) {}

    std::int64_t number() const { return abi_.number; }          // 1, 2, 3 ...
    Time deadline() const { return time_of(abi_.deadline_us); }  // past it: return retry
    std::string_view handler() const { return view(abi_.handler); }
    std::string_view idempotency_key() const { return view(abi_.idempotency_key); }  // UUID

private:
    const lantern_attempt& abi_;
};

namespace border {

template <class Plugin>
void side_effect_act(void* object, const lantern_event* event, const lantern_attempt* attempt,
                     lantern_outcome* outcome) noexcept {
    auto& held = *static_cast<Held<Plugin>*>(object);
    held.answer(outcome, [&] { return held.plugin.act(Event(*event), Attempt(*attempt)); });
}

template <class Plugin>
inline constexpr lantern_side_effect kSideEffect{sizeof(lantern_side_effect), &side_effect_act<Plugin>};

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern
