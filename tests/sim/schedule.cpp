#include "tests/sim/schedule.hpp"

#include <algorithm>

#include "host/core/limits.hpp"
#include "tests/sim/swapping.hpp"
#include "tests/sim/sweeping.hpp"

namespace lantern::sim {
namespace {

constexpr int kQuietRoundsMax = 2000;

class Schedule {
public:
    Schedule(std::uint64_t seed, Flaw flaw) : world_(seed, flaw) {
        draw_weather();
        draw_handlers();
        draw_actors();
        world_.others = [this](int steps, std::chrono::microseconds each) {
            for (; steps > 0; --steps) {
                world_.clock.advance(each);
                act();
            }
        };
    }

    std::vector<std::string> run() {
        for (int steps = world_.chance.between(80, 500); steps > 0 && world_.violations.empty(); --steps) {
            act();
            world_.clock.advance(std::chrono::microseconds(world_.chance.below(150'000)));
        }
        become_quiet();
        while_poisoned();
        for (int round = 0; !settled() && world_.violations.empty(); ++round) {
            if (round == kQuietRoundsMax) {
                world_.violated(unsettled());
                return world_.violations;
            }
            quiet_round(round);
        }
        for (const auto& handler : handlers_) check(world_, store_, *handler);
        return world_.violations;
    }

private:
    Chance& chance() { return world_.chance; }

    void draw_weather() {
        world_.weather.fault = chance().one_of({0, 0, 3, 10, 30});
        world_.weather.crash = chance().one_of({0, 0, 1, 4});
        world_.weather.interlude = chance().one_of({0, 20, 100, 200});
        world_.weather.freeze = chance().one_of({0, 0, 2, 8, 15});
        world_.weather.stall = chance().one_of({0, 0, 10, 60});
        world_.weather.loss = chance().one_of({0, 0, 20, 100});
        // Without a sweep nothing is repaired: a broker that loses nothing, and workers that repair no fault of
        // each other.
        if (!(swept_ = chance().permille(600))) world_.weather.loss = 0;
        swapped_ = chance().permille(300) || world_.flaw == Flaw::swap_without_barrier;
        // Needs a rare meeting: a session that stands still just when it unparks, or when tables are swapped.
        if (world_.flaw == Flaw::unpark_ignores_seen || world_.flaw == Flaw::swap_without_barrier)
            world_.weather = {.interlude = 100, .stall = 100};
        streams_ = chance().between(1, 6);
        events_left_ = chance().between(5, 60);
        refusals_ = chance().one_of({0, 0, 20});
        if (chance().permille(100)) {
            poisoned_ = static_cast<int>(limits::kBreakerStreams) + 1;
            streams_ += poisoned_;
            events_left_ += 60;
            swapped_ = false;  // more dead than live: it would end in no swap
        }
    }

    void draw_handlers() {
        add_handler("log", Kind::projection,
                    {{"NOTED", Position{0}, std::nullopt},
                     {"BRIEF", Position{chance().between(0, 10)}, Position{chance().between(10, 20)}},
                     {"BRIEF", Position{chance().between(25, 30)}, std::nullopt}});
        add_handler("mail", Kind::side_effect,
                    {{"NOTED", Position{0}, std::nullopt}, {"OTHER", Position{0}, std::nullopt}});
    }

    void add_handler(const char* name, Kind kind, std::vector<Route> routes) {
        HandlerSettings settings;
        settings.name = HandlerName{name};
        settings.partitions = chance().between(1, 4);
        settings.batch_events_max = chance().one_of<std::size_t>({1, 3, 500});
        settings.retry.attempts = chance().between(2, 6);
        settings.retry.initial = std::chrono::milliseconds(chance().between(1, 1000));
        settings.retry.max = std::chrono::seconds(chance().between(1, 5));
        if (kind == Kind::side_effect && chance().permille(500)) settings.start = Start::now;
        const std::size_t number = handlers_.size();
        std::set<std::string> types;
        for (const Route& route : routes) types.insert(route.event_type);
        const auto queue_events_max = swept_ ? chance().one_of({3, 10, 1000}) : 1000;
        broker_.route(number, settings.partitions, std::move(types), static_cast<std::size_t>(queue_events_max));
        handlers_.push_back(std::make_unique<Handler>(world_, store_, number, kind, std::move(settings),
                                                      std::move(routes), queue_events_max));
        handlers_.back()->leases.relay = &relay_row_.progress;
        handlers_.back()->poisoned_up_to = poisoned_;
    }

    void draw_actors() {
        relay::Relay::Options options;
        options.page_events = chance().one_of<std::size_t>({1, 4, 1000});
        for (int relay = chance().between(1, 2); relay > 0; --relay) {
            relays_.push_back(
                std::make_unique<RelayActor>(world_, store_, broker_, relay_row_, next_number_, options));
        }
        sweep_ = std::make_unique<SweepActor>(world_, store_, relay_row_, handlers_,
                                              chance().one_of<std::size_t>({1, 4, 1000}));
        swap_ =
            std::make_unique<SwapActor>(world_, store_, *handlers_[0], chance().one_of<std::size_t>({1, 4, 1000}));
        for (const auto& handler : handlers_) {
            const auto fill_max = chance().one_of<std::size_t>({1, 3, 1000});
            for (int worker = chance().between(1, 3); worker > 0; --worker) {
                workers_.push_back(
                    std::make_unique<WorkerActor>(world_, store_, broker_, *handler, next_number_, fill_max));
            }
        }
    }

    Actor& any_worker() { return *workers_[chance().below(workers_.size())]; }
    Actor& any_relay() { return *relays_[chance().below(relays_.size())]; }

    // One thing that happens.
    void act() {
        const auto what = chance().below(1000);
        if (what < 250) return write();
        if (what < 640) return any_worker().step();
        if (what < 830) return any_relay().step();
        if (what < 870) return sweep();
        if (what < 890) return swap();
        if (what < 960) return push();
        if (what < 970) return operate(chance().below(handlers_.size()));
        mischief();
    }

    void swap() {
        if (swapped_) swap_->step();
    }

    void sweep() {
        if (swept_) sweep_->step();
    }

    // An operator, and the relay's look at who is attached.
    void operate(std::size_t number) {
        if (!swept_) return;
        LeaseTable& leases = handlers_[number]->leases;
        const auto what = chance().below(10);
        if (what < 1) leases.pause();
        if (what > 5) leases.resume();
        const bool attached = leases.state == LeaseTable::State::attached;
        auto& binding = broker_.binding(number);
        binding.known_to_relay = binding.known_to_relay && attached;
        if (!attached) broker_.take_away(number);
    }

    void write() {
        auto open = store_.open();
        const auto choice = chance().below(10);
        if (open.empty() || choice < 3) {
            if (events_left_ <= 0) return;
            if (const auto xid = store_.begin(StreamId{chance().between(1, streams_)})) draw(*xid);
            return;
        }
        const auto xid = open[chance().below(open.size())];
        if (choice < 4 && events_left_ > 0) return draw(xid);
        if (choice < 5) return store_.abort(xid);
        store_.commit(xid);
    }

    void draw(std::int64_t xid) {
        --events_left_;
        store_.draw(xid, chance().one_of({"NOTED", "NOTED", "NOTED", "BRIEF", "OTHER"}),
                    chance().permille(30) ? 2 : 1);
    }

    void push() {
        const auto open = broker_.open_connections();
        if (!open.empty()) broker_.push(open[chance().below(open.size())], chance().below(6));
        if (chance().permille(refusals_)) {
            handlers_[0]->tables.refusals["thing-" + std::to_string(chance().between(1, streams_))] = 2;
        }
        if (!chance().permille(300)) return;
        const auto number = chance().below(handlers_.size());
        const bool attached = handlers_[number]->leases.state == LeaseTable::State::attached;
        if (attached) broker_.binding(number).known_to_relay = true;
    }

    void mischief() {
        Actor& actor = chance().permille(700) ? any_worker() : any_relay();
        const auto what = chance().below(100);
        if (what < 40) return broker_.shuffle();
        if (what < 55) {
            const auto open = broker_.open_connections();
            if (!open.empty()) broker_.drop(open[chance().below(open.size())]);
        } else if (what < 65 && world_.weather.crash > 0) {
            actor.crash();
        } else if (what < 75) {
            actor.stop();
        } else if (what < 90 && world_.weather.freeze > 0) {
            if (!actor.busy()) actor.freeze(std::chrono::milliseconds(chance().between(2'000, 20'000)));
        } else if (what < 92 && world_.weather.loss > 0) {
            if (chance().permille(500)) return broker_.wipe();
            broker_.take_away(chance().below(handlers_.size()));
        }
    }

    // Faults end. What was lost on the way is the sweep's to find.
    void become_quiet() {
        world_.quiet = true;
        for (const auto xid : store_.open()) store_.commit(xid);
        for (const auto& handler : handlers_) {
            handler->leases.resume();
            handler->tables.refusals.clear();
        }
        for (const auto& worker : workers_) worker->wake();
        for (const auto& relay : relays_) relay->wake();
        sweep_->wake();
        swap_->wake();
    }

    // More streams than open the breaker still fail, and no operator helps: the others go on.
    void while_poisoned() {
        if (poisoned_ == 0) return;
        std::string behind = "none";
        for (int round = 0; !behind.empty() && world_.violations.empty(); ++round) {
            if (round == kQuietRoundsMax) return world_.violated(behind);
            quiet_round(round, Operator::away);
            behind.clear();
            for (const auto& handler : handlers_)
                if (behind.empty()) behind = held_back(store_, *handler);
        }
        for (const auto& handler : handlers_) handler->poisoned_up_to = 0;
    }

    enum class Operator { present, away };
    void quiet_round(int round, Operator person = Operator::present) {
        for (const auto& relay : relays_) relay->step();
        for (const auto& worker : workers_) worker->step();
        sweep();
        swap();
        if (person == Operator::present)
            for (const auto& handler : handlers_) handler->tables.retry_dead();
        world_.clock.advance(std::chrono::milliseconds(round < 100 ? 100 : 700));
    }

    // And the relay has noted it.
    bool all_confirmed() const {
        const auto events = store_.visible();
        const Snapshot noted = Snapshot::parse(relay_row_.progress.mark.snapshot);
        return std::all_of(events.begin(), events.end(), [&](const Event* event) {
            return broker_.confirmed.contains(event->position) && noted.sees(store_.xid_of(*event));
        });
    }
    // Everything that was published, and no note is left.
    bool verified(const Handler& handler) const {
        const auto& reached = handler.leases.verified;
        return !swept_ || handler.leases.routes().all().empty() ||
               (!reached.target && reached.mark.snapshot == relay_row_.progress.mark.snapshot &&
                !handler.tables.any_noted());
    }
    bool settled() const {
        return broker_.left() == 0 && !swap_->at_work() && all_confirmed() &&
               std::all_of(handlers_.begin(), handlers_.end(), [this](const auto& handler) {
                   return handler->leases.all_fed() && !handler->tables.any_parked() && verified(*handler);
               });
    }
    std::string unsettled() const {
        std::string why = "does not come to rest: " + std::to_string(broker_.left()) + " messages left";
        if (swap_->at_work()) why += ", a swap at work";
        if (!all_confirmed()) why += ", not all events published";
        for (const auto& handler : handlers_) {
            if (!handler->leases.all_fed()) why += ", partitions of " + handler->settings.name.value + " not fed";
            if (!verified(*handler)) why += ", " + handler->settings.name.value + " not verified";
            if (handler->tables.any_parked()) why += ", parked streams in " + handler->settings.name.value;
        }
        return why;
    }

    World world_;
    Store store_{world_};
    Broker broker_{world_};
    RelayRow relay_row_;
    int next_number_ = 0;
    int streams_ = 1;
    int events_left_ = 0;
    int refusals_ = 0;
    int poisoned_ = 0;  // streams, in each handler
    std::vector<std::unique_ptr<Handler>> handlers_;
    std::vector<std::unique_ptr<WorkerActor>> workers_;
    std::vector<std::unique_ptr<RelayActor>> relays_;
    std::unique_ptr<SweepActor> sweep_;
    std::unique_ptr<SwapActor> swap_;
    bool swept_ = true;
    bool swapped_ = false;
};

}  // namespace

std::vector<std::string> run_schedule(std::uint64_t seed, Flaw flaw) {
    return Schedule(seed, flaw).run();
}

}  // namespace lantern::sim
