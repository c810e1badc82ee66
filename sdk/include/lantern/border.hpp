// The border: what the C tables of every kind share. No exception leaves a plugin; whatever is thrown becomes an
// outcome or an error text here.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <type_traits>

#include <lantern/changes.hpp>
#include <lantern/description.hpp>
#include <lantern/outcome.hpp>
#include <lantern/setup.hpp>

namespace lantern {
inline namespace sdk_v1 {
namespace border {

inline void write(const lantern_sink* sink, std::string_view text) noexcept {
    if (sink && sink->write) sink->write(sink->context, borrow(text));
}

// Runs `body`; what it throws goes to `error` and becomes -1.
template <class Body>
std::int32_t guarded(const lantern_sink* error, Body&& body) noexcept {
    try {
        body();
        return 0;
    } catch (const std::exception& thrown) {
        write(error, thrown.what());
    } catch (...) {
        write(error, "something was thrown that is no std::exception");
    }
    return -1;
}

// The description, made once. Its text stays valid while the plugin is loaded.
struct Described {
    std::string text;
    std::vector<std::string_view> tables;

    template <class Plugin>
    static const Described& of() {
        static const Described once = [] {
            Description description = Plugin::describe();
            description.kind(Plugin::kKindName);
            return Described{description.text(), description.table_names()};
        }();
        return once;
    }
};

// On failure the text is no JSON and says why; the host refuses the plugin with it.
template <class Plugin>
lantern_str describe() noexcept {
    try {
        return borrow(Described::of<Plugin>().text);
    } catch (const std::exception& thrown) {
        static thread_local std::string why;
        try {
            why = std::string("describe() failed: ") + thrown.what();
        } catch (...) {
            return borrow("describe() failed");
        }
        return borrow(why);
    } catch (...) {
        return borrow("describe() failed");
    }
}

// A projection or side effect with what its last outcome borrowed.
template <class Plugin>
class Held {
public:
    static std::int32_t create(const lantern_host* host, lantern_str settings, void** object,
                               const lantern_sink* error) noexcept {
        return guarded(error, [&] { *object = new Held(Setup(host, view(settings))); });
    }
    static void destroy(void* object) noexcept { delete static_cast<Held*>(object); }

    // Calls the body, which returns Outcome or nothing, and writes what came of it.
    template <class Body>
    void answer(lantern_outcome* into, Body&& body) noexcept {
        into->kind = LANTERN_APPLIED;
        into->after_us = 0;
        into->reason = into->dependency = {};
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
                body();
            } else {
                Outcome outcome = body();
                if (outcome.kind() == LANTERN_APPLIED) return;
                reason_ = outcome.reason();
                dependency_ = outcome.dependency();
                into->kind = outcome.kind();
                into->after_us = outcome.after().count();
                into->reason = borrow(reason_);
                into->dependency = borrow(dependency_);
            }
        } catch (const std::exception& thrown) {
            retry(into, thrown.what());
        } catch (...) {
            retry(into, "something was thrown that is no std::exception");
        }
    }

    Plugin plugin;

private:
    explicit Held(const Setup& setup) requires std::constructible_from<Plugin, const Setup&> : plugin(setup) {}
    explicit Held(const Setup&) requires(!std::constructible_from<Plugin, const Setup&>) {}

    void retry(lantern_outcome* into, const char* why) noexcept {
        into->kind = LANTERN_RETRY;
        try {
            reason_ = why;
            into->reason = borrow(reason_);
        } catch (...) {
            into->reason = borrow("out of memory");
        }
    }

    std::string reason_;
    std::string dependency_;
};

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern
