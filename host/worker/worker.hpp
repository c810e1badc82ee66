// A worker: one handler's events, from the broker and from the store, to its plugin; one thread.
//
// A turn of the loop: keep the leases; feed history of partitions that are new; catch up parked streams that are
// due; then take what has arrived, carry it out, commit, and only then acknowledge. What was taken and not
// acknowledged stays in hand over an outage of the store, and is planned anew when it is back. While the breaker is
// open, a turn is one probe, and the turns go round these sources.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/core/handler.hpp"
#include "host/worker/applier.hpp"
#include "host/worker/patience.hpp"
#include "host/worker/ports.hpp"
#include "host/worker/read_queues.hpp"
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
        std::uint64_t queue_events_max = limits::kQueueLengthMax;
    };
    explicit Worker(Parts parts)
        : parts_(std::move(parts)),
          reads_(parts_.deliveries, parts_.clock, parts_.queue_events_max),
          patience_(parts_.random),
          broker_patience_(parts_.random),
          probes_(parts_.random) {}

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

    // The store and the broker are as this worker needs them, and the queues that it bound are in force: another
    // one in its place may stop. Not so while they were refused, since an edit after its own has bound others.
    bool settled_in() const {
        return started_ && queues_ != Queues::others && (declared_ || queues_ == Queues::detached);
    }

private:
    using Steady = std::chrono::steady_clock::time_point;

    // What there is to try, in the order of a turn. One that met an outage is the last of the next turn.
    enum class Source : std::size_t { history, due, asked, deliveries };
    static constexpr std::size_t kSources = 4;

    void start();
    void keep_leases();
    bool beat();
    bool keep_queues(Queues queues);
    void declare();
    void hand_over(const std::vector<Partition>& partitions);
    void lose_deliveries();
    bool work_on(Source source, Milliseconds wait);
    bool subscribe_fed();
    void look_at_queues();
    void work_off();
    void gather(Steady::duration took);
    void wait_for(const std::string& dependency);
    std::string still_waits_for() const;
    void wait_as(const std::string& why);
    void rest(Milliseconds time);
    bool carry_out(std::span<Event* const> events);
    bool is_of_this_store(const Delivery& delivery);
    void say(const Fault& fault);
    // The breaker was open when the last turn ended, and is still: what is tried is a probe.
    bool probing() const { return first_ > 0 && !parts_.applier.away().empty(); }

    // In from_store.cpp.
    bool feed();
    std::optional<Position> feed_until(const Lease& lease) const;
    void catch_up_due();
    bool act_again();

    Parts parts_;
    Routes routes_;
    bool started_ = false;
    std::chrono::steady_clock::time_point started_at_{};
    Uuid incarnation_;
    std::vector<Lease> held_;
    Queues queues_ = Queues::others;  // until the first heartbeat
    bool introduced_ = false;         // since the start: bound what it reads
    bool declared_ = false;           // on this connection
    Position edge_;                   // of the store, at the last heartbeat
    Position published_;              // at the last heartbeat
    bool feeding_ = false;            // in the last turn
    ReadQueues reads_;
    std::vector<Delivery> in_hand_;
    Steady next_tick_{};
    Steady next_due_{};
    Steady next_again_{};
    Steady rest_until_{};         // nothing is tried before: a dependency was away, or the handler's rate is kept
    bool away_ = false;           // in this turn
    std::size_t first_ = 0;       // source of this turn; 0 unless the last one met an outage
    std::size_t feed_first_ = 0;  // of the leases
    bool asks_broker_ = true;     // in this turn
    Steady broker_from_{};        // nothing is asked of it before: it was away
    std::string broker_away_;     // why; until a turn has gone well with it
    Patience patience_;           // with faults of the store
    Patience broker_patience_;
    Patience probes_;       // with what the plugin needs
    int long_for_few_ = 0;  // batches in a row that were small, but took long
    std::string waiting_;
};

}  // namespace lantern::worker
