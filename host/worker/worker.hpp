// A worker: one handler's events, from the broker and from the store, to its plugin; one thread.
//
// A turn of the loop: keep the leases; feed history of partitions that are new; catch up parked streams that are
// due; then take what has arrived, carry it out, commit, and only then acknowledge. What was taken and not
// acknowledged stays in hand over an outage of the store, and is planned anew when it is back.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/core/handler.hpp"
#include "host/worker/applier.hpp"
#include "host/worker/ports.hpp"
#include "host/worker/rows.hpp"

namespace lantern::worker {

class Worker {
public:
    struct Parts {
        HandlerSettings handler;
        Deliveries& deliveries;
        Leases& leases;
        History& history;
        ReadModel& model;
        Applier& applier;
        Rows& rows;
        Watch& watch;
        Clock& clock;
        Random& random;
    };
    explicit Worker(Parts parts) : parts_(std::move(parts)) {}

    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Waits for a request to stop, at most so long, and says whether there is one.
    using Stop = std::function<bool(Milliseconds)>;
    // Turns until `stop` says so, then leaves. Faults are waited out; nothing is acknowledged that was not
    // committed.
    void run(const Stop& stop);

    // One turn; waits at most `wait` for deliveries. Returns how long nothing is to be done: a dependency is away
    // and its probe is not due. Throws Fault; recover() must follow.
    Milliseconds turn(Milliseconds wait);
    void recover(const Fault& fault);
    // Gives the leases back. What is in hand stays unacknowledged and is delivered to the next.
    void leave();

private:
    using Steady = std::chrono::steady_clock::time_point;

    void start();
    void keep_leases();
    void hand_over(const std::vector<Partition>& partitions);
    void lose_deliveries();
    void subscribe_fed();
    bool feed();
    void catch_up_due();
    void work_off();
    void wait_for(const std::string& dependency);
    bool carry_out(std::span<Event* const> events);
    void check_incarnation(const Delivery& delivery);
    Milliseconds delay();

    Parts parts_;
    Routes routes_;
    bool started_ = false;
    Uuid incarnation_;
    std::vector<Lease> held_;
    std::set<Partition> subscribed_;
    std::vector<Delivery> in_hand_;
    Steady next_tick_{};
    Steady next_due_{};
    Steady probe_at_{};  // nothing is tried before: a dependency of the plugin was away
    bool away_ = false;  // in this turn
    int troubles_ = 0;   // in a row
    std::string waiting_;
};

}  // namespace lantern::worker
