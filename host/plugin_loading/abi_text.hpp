// Text over the border of the plugin contract, in both directions.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

// Calls into a plugin. The contract forbids exceptions at the border: nobody here could say what state they leave
// behind, so one that comes through ends the process, and the host blames event and build.
template <class Function>
auto call_plugin(Function&& function) noexcept {
    return std::forward<Function>(function)();
}

inline lantern_str borrow(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view view(lantern_str text) {
    return text.data ? std::string_view(text.data, text.size) : std::string_view();
}

// UTF-8 without zero bytes, as PostgreSQL takes it.
bool is_storable(std::string_view text);

// For messages: cut to 2000 bytes, bytes that cannot be stored replaced by '?'.
std::string message_text(std::string_view text);

// Joins what a plugin writes. At most 64 MiB; what comes after is dropped and `overflowed`.
struct TextSink {
    std::string text;
    bool overflowed = false;

    lantern_sink abi();
};

}  // namespace lantern::plugin_loading
