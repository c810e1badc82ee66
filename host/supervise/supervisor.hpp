// Keeps the wanted members running. Call tick() whenever something may have ended, and at the latest after idle().
//
// A member that is wanted in another edition than the one that runs is started beside it. The old one stands in,
// and is kept running, until the new one is ready; then it is asked to stop, and ended after a grace. If the new
// one never gets ready, the old one goes on.
#pragma once

#include <chrono>
#include <map>
#include <set>

#include "host/core/clock.hpp"
#include "host/core/limits.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::supervise {

inline constexpr std::chrono::milliseconds kStableAfter{10'000};  // a run this long resets the delay
inline constexpr std::chrono::milliseconds kStopGrace{15'000};    // of each role, then SIGKILL
inline constexpr std::chrono::milliseconds kReadyWithin{30'000};  // or it is killed, while another one stands in

enum class State {
    running,
    waiting,   // ended or not started; has a next start
    stopping,  // asked to end
};

class Supervisor {
public:
    Supervisor(Spawner& spawner, Observer& observer, Clock& clock);

    // What should run from now on. New ones start at the next tick; those no longer wanted are asked to stop,
    // unless they stand in for another edition.
    void want(const std::set<Member>& members);
    void tick();
    // Asks the roles to stop, one after the other as they end; tick() goes on with it. Twice is fine.
    void stop();
    bool stopped() const { return stopping_ && running_.empty(); }

    // How long a caller may wait for a death before the next tick.
    std::chrono::milliseconds idle() const;
    std::optional<State> state(const Member& member) const;
    // Who runs in the seat of a wanted member that is not ready.
    std::optional<Member> stand_in(const Member& member) const;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Running {
        int pid = 0;
        Time since;
        std::chrono::milliseconds delay{0};  // before its next start, if it ends soon
        std::optional<Time> kill_at;         // set once it was asked to stop
        bool ready = false;
        bool given_up = false;  // killed because it did not get ready
    };
    struct Waiting {
        Time until;
        std::chrono::milliseconds delay{0};
    };

    void note(const Death& death);
    void look_for_ready();
    void hand_over();
    bool seated(const Member& member) const;
    bool awaited(const Member& stand_in) const;
    void start_due();
    void ask_to_stop(const Member& member, Running& running);
    void stop_next_role();
    static std::chrono::milliseconds longer(std::chrono::milliseconds delay);

    Spawner& spawner_;
    Observer& observer_;
    Clock& clock_;
    bool stopping_ = false;
    std::set<Member> wanted_;
    std::map<Member, Running> running_;
    std::map<Member, Waiting> waiting_;
    std::set<Member> stand_ins_;  // not wanted; kept running until the wanted edition is ready
};

}  // namespace lantern::supervise
