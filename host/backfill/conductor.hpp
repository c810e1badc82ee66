// The steps of a rebuild that one process does alone, in their order. Each is safe to repeat: whoever takes the
// steps over after a crash begins the phase again that was noted last.
//   plan      mark first, then the schema beside, then the shares of the history
//   load      all processes fold shares; this one waits for the last
//   keys      partial results merged, keys and indexes made
//   rest      streams that were left out, from the store
//   catch_up  slices from mark to mark, until what is left is small
//   verify    both models compared
//   swap      under the handler's barrier: the last slice, rights, names, generation
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "host/core/clock.hpp"

namespace lantern::backfill {

enum class Phase { plan, load, keys, rest, catch_up, verify, swap };

std::string_view phase_name(Phase phase);
std::optional<Phase> parse_phase(std::string_view name);

enum class SwapWhen {
    ready,     // without comparing
    if_equal,  // compared first
    compared,  // whatever the comparison says
    never,     // compared if asked to, and kept beside
};

class Site {
public:
    virtual ~Site() = default;

    virtual void enter(Phase phase) = 0;  // noted, so that another goes on from here
    virtual void end(const std::string& state, const std::string& reason) = 0;

    virtual void create() = 0;
    virtual bool loaded() = 0;
    virtual void build_keys() = 0;
    virtual void catch_up_rest() = 0;
    virtual std::size_t catch_up() = 0;  // one slice; its events
    virtual bool equal() = 0;            // compares, and notes how
    // Why the swap has to wait: a transaction that would find the new model empty.
    virtual std::optional<std::string> in_the_way() = 0;
    enum class Swapped {
        done,
        busy,  // the barrier was not free in time
        far,   // too much has happened since the last slice
    };
    // Throws Fault of kind configuration when it must not be: readers would go back, others hang on the tables.
    virtual Swapped swap() = 0;
};

class Conductor {
public:
    Conductor(Site& site, Clock& clock, Phase phase, SwapWhen when)
        : site_(site), clock_(clock), when_(when), phase_(phase) {}

    // Does one step. Returns how long to wait before the next; nothing: the job has ended.
    std::optional<Milliseconds> step();
    Phase phase() const { return phase_; }

private:
    static constexpr std::size_t kNearEvents = 1000;
    static constexpr auto kPatience = std::chrono::minutes(5);

    Milliseconds enter(Phase phase);
    std::optional<Milliseconds> after_catch_up();
    std::optional<Milliseconds> swap();

    Site& site_;
    Clock& clock_;
    const SwapWhen when_;
    Phase phase_;
    std::optional<std::chrono::steady_clock::time_point> swapping_since_;
};

}  // namespace lantern::backfill
