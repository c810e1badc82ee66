#include "host/plugin_loading/abi_event.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/objects.hpp"

namespace lantern::plugin_loading {
namespace {

class SideEffectObject final : public worker::SideEffect {
public:
    SideEffectObject(Made made, HandlerName handler) : made_(std::move(made)), handler_(std::move(handler)) {}
    SideEffectObject(const SideEffectObject&) = delete;
    SideEffectObject& operator=(const SideEffectObject&) = delete;
    ~SideEffectObject() override {
        call_plugin([&] { made_.table->destroy(made_.object); });
    }

    Outcome act(const Event& event, const worker::Attempt& attempt) override {
        const std::string key = attempt.idempotency_key.text();
        const lantern_attempt told{sizeof told, attempt.number, attempt.deadline.time_since_epoch().count(),
                                   borrow(handler_.value), borrow(key)};
        const lantern_event* seen = event_.of(event);
        lantern_outcome outcome{};
        outcome.size = sizeof outcome;
        call_plugin([&] { made_.table->side_effect->act(made_.object, seen, &told, &outcome); });
        return outcome_of(outcome);
    }

private:
    const Made made_;
    const HandlerName handler_;
    AbiEvent event_;
};

}  // namespace

std::unique_ptr<worker::SideEffect> side_effect_of(Made made, const HandlerName& handler) {
    return std::make_unique<SideEffectObject>(std::move(made), handler);
}

}  // namespace lantern::plugin_loading
