// What all of a schedule share: the seed's chances, the clock, and what may befall a call of a port: time, other
// actors' steps in between, a fault, a crash, a freeze.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "tests/support/manual_clock.hpp"

namespace lantern::sim {

// Deliberate faults, to show that the simulation finds them.
enum class Flaw {
    none,
    acknowledge_before_commit,
    checkpoint_outside_transaction,
    retry_ignores_order,
    fence_removed,
    parks_without_compare_and_set,
    unpark_ignores_seen,
    route_interval_ignored_by_gap_filling,
    floor_taken_after_snapshot,
    no_completed_transaction_in_mark,
    slice_by_position_only,
    confirms_not_awaited,
    feeds_before_binding,
    sweep_off_by_one,
    sweep_trusts_positions,
    swap_without_barrier,
};

class Chance final : public Random {
public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}

    std::uint64_t next() override { return random_.next(); }
    // 0 ... n - 1
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
    int between(int least, int most) { return least + static_cast<int>(below(std::size_t(most - least + 1))); }
    bool permille(int chance) { return static_cast<int>(below(1000)) < chance; }
    template <class T>
    T one_of(std::initializer_list<T> choices) {
        return choices.begin()[below(choices.size())];
    }

private:
    SystemRandom random_;
};

// What the seed says of a schedule's weather; each of 1000 calls of a port.
struct Weather {
    int fault = 0;
    int crash = 0;
    int interlude = 0;  // others step while this one is within a call
    int freeze = 0;     // the same for about as long as leases last
    int stall = 0;      // the same within a transaction; each of 1000 of these
    int loss = 0;       // of 1000 messages
};

// The process that an actor is at the moment. Thrown through it, Crash ends it: nothing is cleaned up but memory.
struct Crash {};
struct Self {
    std::string name;
    bool busy = false;  // within a step
};

enum class Place { postgres, rabbitmq };
enum class Call { read, commit };

class World {
public:
    World(std::uint64_t seed, Flaw with) : chance(seed), flaw(with) {}

    Chance chance;
    const Flaw flaw;
    test::ManualClock clock;
    Weather weather;
    bool quiet = false;  // nothing befalls any more
    std::function<void(int steps, std::chrono::microseconds each)> others;

    // Says what must never be; the schedule has failed then.
    void violated(std::string what) {
        if (violations.size() < 5) violations.push_back(std::move(what));
    }
    std::vector<std::string> violations;

    // One call of a port.
    template <class Work>
    auto call(Place place, Call kind, Work work) {
        befall(place, kind, false);
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            befall(place, kind, true);
        } else {
            auto answer = work();
            befall(place, kind, true);
            return answer;
        }
    }
    // A place within a call where its session may stand still, but can't fail by halves.
    // `times` as likely as the weather says.
    void stall(int times);

private:
    void befall(Place place, Call kind, bool done);
    void freeze();

    int depth_ = 0;
};

}  // namespace lantern::sim
