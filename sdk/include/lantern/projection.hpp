// A projection folds events into tables of a read model:
//
//     class SignupsPerDay : public lantern::Projection {
//     public:
//         static lantern::Description describe();
//         void handle(const lantern::Event& event, lantern::Changes& changes);   // or returns lantern::Outcome
//         void keys(const lantern::Event& event, lantern::WantedKeys& wanted);   // optional: what handle will find
//         void check(const lantern::OwnedRows& rows, lantern::Findings& findings);  // optional: rows changed from
//         outside
//     };
//     LANTERN_PLUGIN(SignupsPerDay)
//
// One object serves one worker, one thread. It may keep caches and nothing else between events: after a batch that
// did not commit it is destroyed and made anew. A constructor may take const lantern::Setup&.
#pragma once

#include <lantern/border.hpp>
#include <lantern/event.hpp>
#include <lantern/findings.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Projection {
public:
    static constexpr lantern_kind kKind = LANTERN_KIND_PROJECTION;
    static constexpr std::string_view kKindName = "projection";
};

namespace border {

template <class Plugin>
void projection_handle(void* object, const lantern_event* event, const lantern_recorder* recorder,
                       lantern_outcome* outcome) noexcept {
    auto& held = *static_cast<Held<Plugin>*>(object);
    held.answer(outcome, [&] {
        const Event in(*event);
        Changes changes(*recorder, Described::of<Plugin>().tables);
        return held.plugin.handle(in, changes);
    });
}

template <class Plugin>
void projection_keys(void* object, const lantern_event* event, const lantern_keys* keys) noexcept {
    try {
        const Event in(*event);
        WantedKeys wanted(*keys, Described::of<Plugin>().tables);
        static_cast<Held<Plugin>*>(object)->plugin.keys(in, wanted);
    } catch (...) {
        // Only a hint: the handler meets the same fault and answers it.
    }
}

template <class Plugin>
std::int32_t projection_check(void* object, const lantern_owned_rows* rows, const lantern_findings* findings,
                              const lantern_sink* error) noexcept {
    return guarded(error, [&] {
        const OwnedRows in(*rows, Described::of<Plugin>().tables);
        Findings out(*findings, Described::of<Plugin>().tables);
        static_cast<Held<Plugin>*>(object)->plugin.check(in, out);
    });
}

template <class Plugin>
constexpr lantern_projection projection_table() {
    lantern_projection table{sizeof(lantern_projection), nullptr, &projection_handle<Plugin>, nullptr};
    if constexpr (requires(Plugin & plugin, const Event& event, WantedKeys& wanted) { plugin.keys(event, wanted); })
        table.keys = &projection_keys<Plugin>;
    if constexpr (requires(Plugin & plugin, const OwnedRows& rows, Findings& findings) {
                      plugin.check(rows, findings);
                  })
        table.check = &projection_check<Plugin>;
    return table;
}

template <class Plugin>
inline constexpr lantern_projection kProjection = projection_table<Plugin>();

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern
