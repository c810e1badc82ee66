#include "tests/sim/swapping.hpp"

#include <algorithm>

#include "host/backfill/conductor.hpp"

namespace lantern::sim {

using worker::Carried;
using worker::StreamState;

namespace {

constexpr int kRounds = 10;

}  // namespace

class SwapActor::Job final : public backfill::Site {
public:
    Job(World& world, Store& store, Handler& handler, std::size_t page_events)
        : world_(world),
          store_(store),
          handler_(handler),
          page_events_(page_events),
          source_(world, store),
          history_(world, store, page_events),
          beside_(world, handler.leases, handler.acts),
          model_(world, beside_, 0),
          rows_(model_),
          upcasts_(world),
          applier_({.tables = declared_tables(),
                    .make_object = [&handler] { return make_projection(handler); },
                    .model = model_,
                    .rows = rows_,
                    .upcasts = upcasts_,
                    .watch = watch_,
                    .clock = world.clock,
                    .parking = {handler.settings.retry, world.clock, world.chance}}),
          routes_(handler.leases.routes()),
          planner_(rows_, history_, routes_),
          conductor_(*this, world.clock, backfill::Phase::plan, backfill::SwapWhen::ready) {}

    std::optional<Milliseconds> step() { return conductor_.step(); }
    void renew() { applier_.renew(); }
    bool ended() const { return ended_; }

    void enter(backfill::Phase) override {
        world_.call(Place::postgres, Call::commit, [] {});
    }
    void end(const std::string&, const std::string&) override { ended_ = true; }
    void create() override { mark_ = source_.take_mark(); }
    bool loaded() override { return true; }
    void build_keys() override {}
    bool equal() override { return true; }
    std::optional<std::string> in_the_way() override { return std::nullopt; }

    // All of history, stream by stream.
    void catch_up_rest() override {
        const auto streams = world_.call(Place::postgres, Call::read, [this] {
            std::set<StreamId> all;
            for (const Event* event : store_.visible()) all.insert(event->stream);
            return all;
        });
        for (const StreamId stream : streams) catch_up(stream);
    }

    std::size_t catch_up() override {
        const Mark to = source_.take_mark();
        const std::size_t events = slice(to);
        if (events > 0) mark_ = to;
        return events;
    }

    Swapped swap() override {
        const Model before = static_cast<const Model&>(beside_);
        try {
            // 1. No batch of a live worker is in flight from here on. 2. What they may have applied. 3. The names.
            const Tables::Barrier barrier(handler_.tables);
            if (!barrier.taken()) return Swapped::busy;
            slice(source_.take_mark());
            world_.call(Place::postgres, Call::commit, [this] {
                if (would_go_back())
                    throw Fault(FaultKind::configuration, "postgres", "the new model is behind", "LN031");
                handler_.tables.swap_in(beside_);
                ended_ = true;
            });
        } catch (const Fault&) {
            if (!ended_) static_cast<Model&>(beside_) = before;
            throw;
        }
        return Swapped::done;
    }

private:
    std::size_t slice(const Mark& to) {
        std::size_t events = 0;
        for (Position after;;) {
            Page page = source_.page(mark_, to, after, page_events_);
            events += page.events.size();
            if (!page.events.empty()) {
                after = page.events.back().position;
                apply(page.events);
            }
            if (page.last) return events;
        }
    }

    void apply(std::vector<Event>& events) {
        std::vector<Event*> arrived;
        for (Event& event : events) arrived.push_back(&event);
        for (int round = 0; round < kRounds;) {
            worker::Plan plan = planner_.of(arrived);
            if (carried_out(plan) && plan.complete) return;
            if (plan.complete) ++round;
        }
        throw Fault(FaultKind::conflict, "backfill", "the new model's rows are written by another");
    }

    void catch_up(StreamId stream) {
        for (bool last = false; !last;) {
            worker::StreamRow row;
            row.stream = stream;
            const auto known = model_.rows(std::span(&stream, 1));
            if (!known.empty()) row = known.front();
            if (row.state != StreamState::live) return;
            worker::Plan plan = planner_.catching_up(row);
            last = plan.streams.begin()->second.catching == worker::StreamChange::Catching::last;
            last = carried_out(plan) && last;
            rows_.forget(stream);
        }
    }

    bool carried_out(worker::Plan& plan) {
        const Carried carried = applier_.carry_out(plan, {});
        if (!plan.away.empty()) throw Fault(FaultKind::outage, "plugin", plan.away);
        return carried == Carried::committed;
    }

    // A parked stream would stand behind the live one, or more would be dead.
    bool would_go_back() const {
        const auto dead = [](const Tables& tables) {
            return std::count_if(tables.streams.begin(), tables.streams.end(),
                                 [](const auto& row) { return row.second.state == StreamState::dead; });
        };
        return dead(beside_) > dead(handler_.tables) ||
               std::any_of(beside_.streams.begin(), beside_.streams.end(), [this](const auto& row) {
                   const worker::StreamRow* live = handler_.tables.stream(row.first);
                   return row.second.state != StreamState::live && live != nullptr &&
                          live->revision > row.second.revision;
               });
    }

    World& world_;
    Store& store_;
    Handler& handler_;
    const std::size_t page_events_;
    SourcePort source_;
    HistoryPort history_;
    Tables beside_;
    ModelPort model_;
    worker::Rows rows_;
    Upcasts upcasts_;
    Unwatched watch_;
    worker::ProjectionApplier applier_;
    const Routes routes_;
    worker::Planner planner_;
    backfill::Conductor conductor_;
    Mark mark_;
    bool ended_ = false;
};

SwapActor::SwapActor(World& world, Store& store, Handler& handler, std::size_t page_events)
    : Actor(world), store_(store), handler_(handler), page_events_(page_events) {}
SwapActor::~SwapActor() = default;

void SwapActor::do_step() {
    if (!job_) {
        if (world_.quiet) return;
        job_ = std::make_unique<Job>(world_, store_, handler_, page_events_);
    }
    try {
        do {
            const auto wait = job_->step();
            if (wait) freeze(*wait);
        } while (!job_->ended() && world_.clock.steady() >= not_before_ && world_.chance.permille(700));
    } catch (const Fault&) {
        job_->renew();
        freeze(std::chrono::milliseconds(world_.chance.between(0, 500)));
    }
    if (job_->ended()) die();
}

void SwapActor::die() {
    job_.reset();
    freeze(std::chrono::milliseconds(world_.chance.between(0, 5000)));
}

}  // namespace lantern::sim
