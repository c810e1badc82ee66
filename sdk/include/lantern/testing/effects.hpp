// Side effects and schemas, called as the host calls them.
#pragma once

#include <lantern/testing/events.hpp>
#include <lantern/testing/object.hpp>

namespace lantern::testing {

class SideEffectRun {
public:
    explicit SideEffectRun(const lantern_plugin_v1& plugin, std::string settings = "{}")
        : plugin_(plugin), object_(plugin, std::move(settings)) {}

    struct Attempt {
        std::int64_t number = 1;
        std::string idempotency_key = "01900000-0000-5000-8000-000000000001";
        std::string handler = "tested";
    };
    Answer act(GivenEvent event, const Attempt& attempt) {
        numbering_.number(event);
        lantern_attempt abi{};
        abi.size = sizeof abi;
        abi.number = attempt.number;
        abi.deadline_us = *event.time_us + 3'600'000'000;
        abi.handler = borrow(attempt.handler);
        abi.idempotency_key = borrow(attempt.idempotency_key);
        const lantern_event in = event.abi();
        lantern_outcome outcome{};
        outcome.size = sizeof outcome;
        plugin_.side_effect->act(object_.get(), &in, &abi, &outcome);
        return answer_of(outcome);
    }
    Answer act(GivenEvent event) { return act(std::move(event), Attempt{}); }

private:
    const lantern_plugin_v1& plugin_;
    Object object_;
    Numbering numbering_;
};

// Data one version up; throws Failure with the plugin's words.
inline json::value upcast(const lantern_plugin_v1& plugin, std::string_view type, std::int64_t from,
                          std::string_view data) {
    Collected next, error;
    if (plugin.schema->upcast(borrow(type), from, borrow(data), next.sink(), error.sink()) != 0)
        throw Failure("upcast failed: " + error.text());
    return parse_expected(next.text());
}

}  // namespace lantern::testing
