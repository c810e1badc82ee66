#include "host/apps/backfill/backfill_site.hpp"

#include <algorithm>
#include <limits>

#include "host/backfill/slot_load.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/backfill/comparison.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::apps {
namespace {

constexpr std::size_t kPageEvents = 1000;
constexpr std::size_t kLastSliceEvents = 3000;
constexpr int kRounds = 50;
constexpr int kLooksAgain = 60, kWholeLook = 8;  // one at everything counts as many at a few streams
constexpr Milliseconds kLookAgainAfter{500};
constexpr Milliseconds kRoutingEvery{1000};
constexpr std::size_t kAheadMax = 5000;
constexpr std::int64_t kSlotEventsMin = 50'000, kSlotEventsMax = 2'000'000, kSlots = 8;

// Whoever meets it begins again, with what is in force then.
[[noreturn]] void refuse_edited(const HandlerName& handler) {
    throw Fault(FaultKind::conflict, "handler " + handler.value, "routing was edited while its history was folded");
}

postgres::Session catching_session(const std::string& url, const std::string& schema) {
    auto session = postgres::session_of_backfill(url, postgres::sql_name(schema));
    session.plans = postgres::Plans::keyed;
    return session;
}

}  // namespace

// ---- catching up

class CatchUp::Watch final : public worker::Watch {
public:
    explicit Watch(const telemetry::Log& log) : log_(log) {}

    void calling(const Event&, int) override {}
    void returned() override {}
    void applied(std::size_t, std::size_t, std::size_t) override {}
    void parked(const Event& event, const worker::StreamRow&, const std::string& error) override {
        log_.warn("parked in the new model", {{"event", event.id.text()},
                                              {"stream", event.aggregate_type + "/" + event.aggregate_id},
                                              {"error", error}});
    }
    void malformed(const std::string&) override {}
    void waiting(const std::string&) override {}

private:
    const telemetry::Log log_;
};

CatchUp::CatchUp(const Folding& folding, const std::string& schema, const telemetry::Log& log)
    : folding_(folding),
      connection_(catching_session(folding.settings.postgres_url, schema)),
      history_(connection_),
      model_(connection_, folding.handler.name, folding.plugin().tables, folding.plugin().build),
      rows_(model_),
      watch_(std::make_unique<Watch>(log)),
      applier_({folding.plugin().tables, [&folding] { return folding.make_object(); }, model_, rows_,
                *folding.upcasters, *watch_, clock_, worker::Parking(folding.handler.retry, clock_, random_)}),
      planner_(rows_, history_, folding_.routes) {}

void CatchUp::ensure_routes() {
    if (postgres::routes_from_start(connection_, folding_.handler.name).all() != folding_.routes.all())
        refuse_edited(folding_.handler.name);
}

void CatchUp::apply(std::vector<Event>& events) {
    std::vector<Event*> arrived;
    for (auto& event : events) arrived.push_back(&event);
    for (int round = 0; round < kRounds; ++round) {
        worker::Plan plan = planner_.of(arrived);
        ensure_routes();  // once read: what an edit brings from here on is not among it
        const auto carried = applier_.carry_out(plan, {});
        if (!plan.away.empty()) throw Fault(FaultKind::outage, "plugin", plan.away);
        if (carried == worker::Carried::committed && plan.complete) return;
    }
    throw Fault(FaultKind::conflict, "backfill",
                "the new model's rows are written by another; the slice is begun again");
}

void CatchUp::stream(StreamId stream) {
    for (int round = 0;; ++round) {
        worker::StreamRow row;
        row.stream = stream;
        const auto known = model_.rows(std::span(&stream, 1));
        if (!known.empty()) row = known.front();
        if (row.state != worker::StreamState::live) return;
        worker::Plan plan = planner_.catching_up(row);
        ensure_routes();
        const bool last = plan.streams.begin()->second.catching == worker::StreamChange::Catching::last;
        const auto carried = applier_.carry_out(plan, {});
        if (!plan.away.empty()) throw Fault(FaultKind::outage, "plugin", plan.away);
        rows_.forget(stream);
        if (carried == worker::Carried::committed && last) return;
        if (carried == worker::Carried::committed) round = 0;
        if (round == kRounds) throw Fault(FaultKind::conflict, "backfill", "a stream's row is written by another");
    }
}

// ---- the steps

namespace {

[[noreturn]] void refuse_taken_over() {
    throw Fault(FaultKind::conflict, "backfill", "another process has taken the steps of the job over");
}

}  // namespace

BackfillSite::BackfillSite(Parts parts)
    : parts_(std::move(parts)),
      connection_(postgres::session_of_backfill(parts_.folding.settings.postgres_url)),
      source_(parts_.folding.settings.postgres_url) {}

postgres::Job BackfillSite::job() {
    auto job = parts_.jobs.find(parts_.job);
    if (!job || job->ended()) throw Fault(FaultKind::conflict, "backfill", "the job has ended meanwhile");
    return *std::move(job);
}

// No event is folded by other routes and settings than the ones before it.
// 1. What this process folds with is in force. 2. It is what the job folds with; if not, all of it begins anew.
void BackfillSite::ensure_one_routing() {
    const auto now = std::chrono::steady_clock::now();
    if (now - routing_seen_at_ < kRoutingEvery) return;
    const auto& folding = parts_.folding;
    postgres::Catalog catalog(folding.settings.postgres_url);
    const auto routes = postgres::routes_from_start(connection_, folding.handler.name);
    if (in_force(catalog, folding.settings, folding.handler.name, routes) != folding.with)
        refuse_edited(folding.handler.name);
    if (job().folded_with != folding.with) {
        if (!parts_.jobs.begin_anew(parts_.steps,
                                    "folded anew from the beginning, since routing was edited meanwhile"))
            refuse_taken_over();
        refuse_edited(folding.handler.name);
    }
    routing_seen_at_ = now;
}

void BackfillSite::enter(backfill::Phase phase) {
    if (!parts_.jobs.enter(parts_.steps, std::string(backfill::phase_name(phase)))) refuse_taken_over();
    parts_.log.info("phase", {{"phase", std::string(backfill::phase_name(phase))}});
}

void BackfillSite::end(const std::string& state, const std::string& reason) {
    const auto now = parts_.jobs.find(parts_.job);
    parts_.jobs.end(parts_.steps, state, reason);  // after a swap it has ended: they are one transaction
    if (now && parts_.request.when == backfill::SwapWhen::never && state == "done")
        postgres::drop_beside_of(connection_, now->id);
    parts_.log.info("job ended", {{"state", state}, {"reason", reason}});
}

void BackfillSite::create() {
    const auto& folding = parts_.folding;
    // 1. The mark first: whatever is committed later is in the slices behind it. 2. Whose schema it is, and what it
    // is folded with. 3. The shares: who still folds one for a schema before is fenced. 4. The schema.
    const Mark mark = source_.take_mark();
    if (!parts_.jobs.claim(parts_.steps, {folding.beside(), mark, folding.with})) refuse_taken_over();
    const auto events = mark.ceiling.value == std::numeric_limits<std::int64_t>::max() ? mark.floor : mark.ceiling;
    if (parts_.request.sample == 0)
        parts_.jobs.plan(parts_.job, std::clamp(events.value / kSlots + 1, kSlotEventsMin, kSlotEventsMax));
    postgres::create_beside(connection_, folding.schema(folding.beside()));
}

bool BackfillSite::loaded() {
    ensure_one_routing();
    const auto now = job();
    return now.slots_done == now.slots;
}

void BackfillSite::build_keys() {
    postgres::build_keys(connection_, parts_.folding.schema(job().schema));
}

CatchUp& BackfillSite::catching() {
    if (!catching_ || !catching_->connection().open())
        catching_ = std::make_unique<CatchUp>(parts_.folding, job().schema, parts_.log);
    return *catching_;
}

const std::vector<StreamId>& BackfillSite::sample() {
    if (sample_.empty()) {
        sample_ = postgres::sample_streams(connection_, parts_.request.sample, parts_.job);
        std::sort(sample_.begin(), sample_.end());
    }
    return sample_;
}

void BackfillSite::catch_up_rest() {
    const auto now = job();
    std::vector<StreamId> streams;
    if (now.kind == "rollback") {
        // Mark first, here too.
        const auto kept = postgres::taken_up(connection_, now.handler);
        if (!kept) throw Fault(FaultKind::configuration, "backfill", "no earlier model of the handler is kept");
        if (kept->plugin_build != now.plugin_build)
            throw Fault(FaultKind::configuration, "backfill",
                        "another model is kept than when the rollback began; `lantern rollback " +
                            now.handler.value + "` brings that back");
        if (!parts_.jobs.claim(parts_.steps, {kept->schema, source_.take_mark(), parts_.folding.with}))
            refuse_taken_over();
        streams = postgres::streams_behind(connection_, now.handler, kept->schema);
    } else if (parts_.request.sample > 0) {
        streams = sample();
    } else {
        streams = postgres::long_streams(connection_, backfill::kLongStream);
    }
    for (const StreamId stream : streams) {
        if (parts_.stop.requested()) throw Fault(FaultKind::outage, "backfill", "asked to stop");
        catching().stream(stream);
    }
    postgres::note_loaded(connection_, parts_.job);
}

// Its events; nothing: more than `events_max`, some of which were applied.
std::optional<std::size_t> BackfillSite::slice(const Mark& from, const Mark& to, std::size_t events_max) {
    std::size_t events = 0;
    for (Position after;;) {
        Page page = source_.page(from, to, after, kPageEvents);
        events += page.events.size();
        if (events > events_max) return std::nullopt;
        if (!page.events.empty()) {
            after = page.events.back().position;
            if (parts_.request.sample > 0)
                std::erase_if(page.events, [&](const Event& event) {
                    return !std::binary_search(sample().begin(), sample().end(), event.stream);
                });
            catching().apply(page.events);
        }
        if (page.last) return events;
        if (parts_.stop.requested()) throw Fault(FaultKind::outage, "backfill", "asked to stop");
    }
}

std::size_t BackfillSite::catch_up() {
    ensure_one_routing();
    const Mark from = job().mark.value();
    const Mark to = source_.take_mark();
    const auto events = *slice(from, to, std::numeric_limits<std::size_t>::max());
    if (events > 0 && !parts_.jobs.reached(parts_.steps, to)) refuse_taken_over();
    return events;
}

bool BackfillSite::equal() {
    const auto now = job();
    std::optional<std::vector<StreamId>> chosen;
    if (parts_.request.sample > 0) chosen = sample();
    const auto look = [&](const std::optional<std::vector<StreamId>>& streams) {
        return postgres::compare(connection_, now.handler.value, now.schema, parts_.folding.plugin().tables,
                                 streams);
    };
    auto comparison = look(chosen);
    for (int looks = kLooksAgain; looks > 0 && !comparison.settled();) {
        // The live model is ahead, or behind: look again at those streams once both have moved on.
        if (parts_.stop.wait(kLookAgainAfter)) throw Fault(FaultKind::outage, "backfill", "asked to stop");
        catch_up();
        if (comparison.unsettled.empty()) {
            comparison = look(chosen);
            looks -= kWholeLook;
        } else {
            comparison.settle(look(comparison.unsettled));
            --looks;
        }
    }
    parts_.jobs.note(parts_.steps, comparison.json());
    return comparison.equal();
}

std::optional<std::string> BackfillSite::in_the_way() {
    const auto now = job();
    if (!ahead_) ahead_ = postgres::streams_ahead(connection_, parts_.folding.schema(now.schema), kAheadMax);
    auto why = postgres::transaction_in_the_way(connection_, parts_.job);
    if (!why && ahead_->size() == kAheadMax) {
        why = "the live model is ahead in " + std::to_string(kAheadMax) + " streams or more";
        ahead_.reset();  // looked at again after the next slice
    }
    parts_.jobs.slowed(parts_.job, why ? "the swap waits: " + *why : "");
    return why;
}

BackfillSite::Swapped BackfillSite::swap() {
    const auto now = job();
    const auto& folding = parts_.folding;
    auto& catching = this->catching();
    postgres::Connection& connection = catching.connection();
    const auto not_yet = [&](Swapped why) {
        connection.rollback();
        catching.renew();
        return why;
    };
    try {
        connection.begin();
        // 1. No batch of a live worker is in flight from here on. 2. What they may have applied. 3. The names.
        if (!postgres::take_barrier(connection, folding.registered.id)) return not_yet(Swapped::busy);
        catching.ensure_routes();  // nobody edits them now
        if (!slice(*now.mark, source_.take_mark(), kLastSliceEvents)) return not_yet(Swapped::far);
        postgres::swap_schemas(connection, {folding.schema(now.schema), folding.kept(), folding.plugin(),
                                            parts_.request.move_dependents ? postgres::SwapOrder::Dependents::move
                                                                           : postgres::SwapOrder::Dependents::stop,
                                            *ahead_, parts_.request.keep});
        connection.query(
            "update lantern.jobs set state = 'done', ended_at = clock_timestamp() where job_id = $1::bigint",
            postgres::Params{}.add(parts_.job));
        connection.commit();
    } catch (const Fault&) {
        not_yet(Swapped::busy);
        throw;
    }
    catching_.reset();
    return Swapped::done;
}

}  // namespace lantern::apps
