// Every word that says how a handler, a stream, an event or a side effect stands, as status, explain, metrics and
// the store's rows have it. docs/operate.md says of each what it means and which verb ends it.
#pragma once

#include <array>
#include <string_view>

namespace lantern::state_words {

// `ends`: how an operator ends it; {} stands for the handler's name. Empty: it is as it should be, or ends by
// itself.
struct Word {
    std::string_view word, ends;
};

inline constexpr std::array kHandler{
    Word{"attached", ""},
    Word{"detached", ""},
    Word{"paused", "`lantern resume {}` lets it go on"},
    Word{"quarantined", "install another build of the plugin, or `lantern resume {}` tries this one again"},
    Word{"held", "repair what the reason names; it is tried again every few seconds, and goes on by itself"},
    Word{"removed", "route it again to bring it back"},
};

// Of a stream, and of one event of it, in one handler.
inline constexpr std::array kStream{
    Word{"applied", ""},
    Word{"skipped", ""},
    Word{"pending", ""},
    Word{"behind", ""},
    Word{"retrying", "`lantern parked retry` tries at once"},
    Word{"dead", "`lantern parked retry` tries again, `lantern parked skip` passes over the event"},
    Word{"not_routed", ""},
};

// Of a side effect, in its ledger.
inline constexpr std::array kEffect{
    Word{"pending", ""},
    Word{"done", ""},
    Word{"skipped", ""},
    Word{"failed", ""},
    Word{"held", "`lantern parked retry` acts again, `lantern parked skip` leaves it"},
    Word{"suppressed", ""},
};

}  // namespace lantern::state_words
