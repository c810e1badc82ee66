#include "host/postgres/backfill/effect_runs.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

constexpr std::int64_t kPageEvents = 5000;

HistoricalEffect read_effect(const Rows& rows, std::size_t row) {
    HistoricalEffect effect;
    effect.position = Position{rows.integer(row, 0)};
    effect.event = rows.uuid(row, 1);
    effect.stream = StreamId{rows.integer(row, 2)};
    effect.revision = Revision{rows.integer(row, 3)};
    effect.subject = rows.text(row, 4);
    effect.type = rows.text(row, 5);
    effect.recorded_at = rows.time(row, 6);
    effect.delivery = rows.text(row, 7);
    effect.owed = rows.boolean(row, 8);
    return effect;
}

}  // namespace

std::int64_t EffectRuns::Tally::of(const std::string& state) const {
    const auto found = by_state.find(state);
    return found == by_state.end() ? 0 : found->second;
}

std::int64_t EffectRuns::Tally::all() const {
    std::int64_t all = 0;
    for (const auto& [state, count] : by_state) all += count;
    return all;
}

EffectRuns::EffectRuns(Connection& connection, HandlerName handler, std::vector<std::string> types)
    : connection_(connection), handler_(std::move(handler)), types_(std::move(types)) {}

void EffectRuns::each(const StreamSelection& scope,
                      const std::function<void(std::span<const HistoricalEffect>)>& visit) {
    const auto types = array_of(types_, [](const std::string& type) { return std::string_view(type); });
    const auto last = connection_.query("select coalesce(max(position), 0) from lantern.events").integer(0, 0);
    const std::string sql =
        "select e.position, e.id, e.stream_id, e.revision, s.aggregate_type || '/' || s.aggregate_id, e.type,"
        " e.recorded_at, coalesce(x.state, ''),"
        " lantern.wants($1, e.type, e.position) and coalesce(l.revision, 0) < e.revision"
        " from lantern.events e join lantern.streams s on s.stream_id = e.stream_id"
        " left join " +
        sql_name(handler_.value) +
        ".lantern_streams l on l.stream_id = e.stream_id"
        " left join lantern.effects x on x.handler = $1 and x.event_id = e.id and x.run = 0"
        " where e.type = any ($2::text[]) and e.position > $3::bigint and e.position <= $4::bigint" +
        stream_condition(scope) + event_condition(scope) + " order by e.position limit $5::bigint";
    for (Position after{0};;) {
        const auto rows = connection_.query(
            sql, Params{}.add(handler_.value).add(types).add(after.value).add(last).add(kPageEvents));
        std::vector<HistoricalEffect> page;
        page.reserve(rows.size());
        for (std::size_t row = 0; row < rows.size(); ++row) page.push_back(read_effect(rows, row));
        if (!page.empty()) {
            after = page.back().position;
            visit(page);
        }
        if (page.size() < static_cast<std::size_t>(kPageEvents)) return;
    }
}

EffectRuns::Begun EffectRuns::begin(const Request& request) {
    Transaction transaction(connection_);
    Begun begun;
    begun.run = connection_.query("select nextval('lantern.effect_runs')").integer(0, 0);
    each(request.scope, [&](std::span<const HistoricalEffect> page) {
        std::vector<HistoricalEffect> covered;
        for (const auto& effect : page)
            if (!effect.owed) covered.push_back(effect);
        begun.owed += static_cast<std::int64_t>(page.size() - covered.size());
        begun.events += static_cast<std::int64_t>(covered.size());
        if (!covered.empty()) add(begun, request, covered);
    });
    if (begun.events > 0)
        note(request.as == As::asked ? "re-run-effects" : "suppress-effects", request.who, request.reason, begun,
             request.scope_text);
    transaction.commit();
    return begun;
}

void EffectRuns::add(const Begun& begun, const Request& request, std::span<const HistoricalEffect> effects) {
    using Effect = HistoricalEffect;
    Params params;
    params.add(handler_.value).add(begun.run);
    params.add(array_of(effects, [](const Effect& effect) { return effect.event; }));
    params.add(array_of(effects, [](const Effect& effect) { return effect.stream.value; }));
    params.add(array_of(effects, [](const Effect& effect) { return effect.revision.value; }));
    params.add(array_of(effects, [&](const Effect& effect) { return request.key_of(effect.event, begun.run); }));
    if (request.as == As::asked) {
        params.add("asked").add("asked for by " + request.who);
    } else {
        params.add("suppressed").add("in a backfill by " + request.who);
    }
    connection_.query(
        "insert into lantern.effects (handler, run, event_id, stream_id, revision, key, state, note, epoch, "
        "attempt,"
        " finished_at)"
        " select $1, $2::bigint, n.event_id, n.stream_id, n.revision, n.key, $7, $8, 0, 0,"
        " case when $7 = 'asked' then null else clock_timestamp() end"
        " from unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::uuid[]) n (event_id, stream_id, revision, key)",
        params);
}

void EffectRuns::note(const std::string& action, const std::string& who, const std::string& reason,
                      const Begun& begun, const std::string& scope) {
    connection_.query(
        "insert into lantern.admin_log (who, action, subject, reason, detail) values ($1, $2, $3, $4,"
        " json_build_object('run', $5::bigint, 'events', $6::bigint, 'scope', $7::text))",
        Params{}.add(who).add(action).add(handler_.value).add(reason).add(begun.run).add(begun.events).add(scope));
}

EffectRuns::Tally EffectRuns::tally(std::int64_t run) {
    const auto rows = connection_.query(
        "select state, count(*) from lantern.effects where handler = $1 and run = $2::bigint and run > 0"
        " group by state",
        Params{}.add(handler_.value).add(run));
    Tally tally;
    for (std::size_t row = 0; row < rows.size(); ++row) tally.by_state[rows.text(row, 0)] = rows.integer(row, 1);
    return tally;
}

std::int64_t EffectRuns::stop(std::int64_t run, const std::string& who, const std::string& reason) {
    Transaction transaction(connection_);
    const auto stopped = connection_.query(
        "update lantern.effects set state = 'suppressed', finished_at = clock_timestamp(), note = $3"
        " where handler = $1 and run = $2::bigint and run > 0 and state = 'asked'",
        Params{}.add(handler_.value).add(run).add("stopped by " + who));
    const auto count = static_cast<std::int64_t>(stopped.affected());
    note("stop-effects", who, reason, {run, count, 0}, "");
    transaction.commit();
    return count;
}

std::string EffectRuns::why_idle() {
    const auto rows = connection_.query(
        "select h.state, exists (select from lantern.workers w where w.handler = h.handler"
        " and w.heartbeat_at > clock_timestamp() - interval '15 s') from lantern.handlers h where h.handler = $1",
        Params{}.add(handler_.value));
    if (rows.empty()) return "the handler is gone";
    const auto state = rows.text(0, 0);
    if (state == "paused" || state == "quarantined" || state == "held") return "the handler is " + state;
    return rows.boolean(0, 1) ? "" : "no worker of the handler runs";
}

}  // namespace lantern::postgres
