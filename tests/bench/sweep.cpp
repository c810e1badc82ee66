// What looking after a store of ten million events costs: a page of the sweep, lag, a poll with nothing to do.
#include <algorithm>
#include <sstream>

#include "host/core/limits.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "tests/bench/bench.hpp"

namespace lantern::bench {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kUpdatesEach = 99;

struct Cost {
    std::int64_t buffers = 0, rows = 0;
    double ms = 0;
};

std::int64_t number_after(const std::string& text, std::size_t from, const std::string& mark) {
    const auto at = text.find(mark, from);
    return at == std::string::npos ? 0 : std::stoll(text.substr(at + mark.size()));
}

Cost explained(postgres::Connection& sql, const std::string& prepared) {
    const auto rows = sql.query("explain (analyze, buffers) execute " + prepared);
    std::string plan;
    for (std::size_t row = 0; row < rows.size(); ++row) plan += rows.text(row, 0) + "\n";
    Cost cost;
    // The first line of buffers is the root's, and sums up all below it, functions included.
    const auto line = plan.find("Buffers: shared");
    if (line != std::string::npos) {
        const auto text = plan.substr(line, plan.find('\n', line) - line);
        cost.buffers = number_after(text, 0, "hit=") + number_after(text, 0, "read=");
    }
    cost.rows = number_after(plan, plan.find("(actual"), "rows=");
    cost.ms = std::stod(plan.substr(plan.find("Execution Time: ") + 16));
    return cost;
}

// Median time of some runs of the statement; buffers of the last. The first also reads what was not cached.
void report(postgres::Connection& sql, const std::string& what, const std::string& statement,
            const std::string& values, const std::string& conditions) {
    sql.script("prepare measured as " + postgres::statement(statement).text);
    std::vector<Cost> costs;
    for (int run = 0; run < 7; ++run) costs.push_back(explained(sql, "measured (" + values + ")"));
    sql.script("deallocate measured");
    const auto buffers = costs.back().buffers;
    const auto rows = costs.back().rows;
    std::sort(costs.begin(), costs.end(), [](const Cost& one, const Cost& other) { return one.ms < other.ms; });
    std::ostringstream more;
    more << buffers << " buffers, " << rows << " rows; " << conditions;
    print(what, costs[costs.size() / 2].ms, "ms", more.str());
}

// Stored in portions, each a transaction, as handlers would have applied them.
void fill(Place& place, std::int64_t events) {
    const std::int64_t streams = events / (kUpdatesEach + 1);
    auto& sql = place.database();
    sql.script(
        "alter table lantern.events disable trigger all;"
        "alter table lantern.events drop constraint events_pkey, drop constraint events_stream_revision,"
        "    drop constraint events_id;"
        "drop index lantern.events_xid");
    sql.query(
        "insert into lantern.streams (aggregate_type, aggregate_id, revision)"
        " select 'user', 'u' || n, $2::bigint from generate_series(1, $1::bigint) n order by n",
        postgres::Params{}.add(streams).add(kUpdatesEach + 1));
    for (std::int64_t revision = 1; revision <= kUpdatesEach + 1; ++revision) {
        sql.query(
            "insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid,"
            "                            data, metadata)"
            " select nextval('lantern.events_position'), s.stream_id, $1::bigint,"
            "        ('00000000-0000-7000-8000-' || lpad(to_hex(s.stream_id * 1000 + $1), 12, '0'))::uuid,"
            "        case when $1 = 1 then 'USER_CREATED' else 'USER_UPDATED' end, 1, clock_timestamp(),"
            "        pg_current_xact_id(), '{\"first_name\":\"Sarah\",\"last_name\":\"Connor\"}', "
            "'{\"actor\":\"x\"}'"
            "   from lantern.streams s order by s.stream_id",
            postgres::Params{}.add(revision));
    }
    sql.script("set maintenance_work_mem = '1GB'");
    sql.script("alter table lantern.events add constraint events_pkey primary key (position)");
    sql.script("create index events_xid on lantern.events (xid, position)");
    sql.script(
        "alter table lantern.events add constraint events_stream_revision unique (stream_id, revision)"
        " include (type, position)");
    sql.script(
        "insert into user_read_model.lantern_streams (stream_id, revision)"
        " select stream_id, revision from lantern.streams");
    for (const char* table : {"lantern.events", "lantern.streams", "user_read_model.lantern_streams"})
        sql.script("vacuum analyze " + std::string(table));
}

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

}  // namespace

void sweep() {
    Place place(kOnlyReadModel);
    {
        auto host = place.host("api");
        place.wait_for("handlers", "select count(*) from lantern.handlers", 1, seconds(60));
        host->stop(seconds(20));
    }
    const std::int64_t events = share_of(10'000'000);
    fill(place, events);

    const auto snapshot = [&] { return quoted(place.database().query("select pg_current_snapshot()").text(0, 0)); };
    const std::string last = std::to_string(place.ask("select last_value from lantern.events_position"));
    const std::string now = snapshot(), nothing = "'1:1:'";
    const std::string page = std::to_string(limits::kSweepPageEvents);
    const std::string handler = "'{user_read_model}', ";
    const std::string of = number(static_cast<double>(events)) + " events in the store";
    // Planned as the sessions of the sweep and the relay plan, and those that ask for lag.
    postgres::Connection keyed({.url = place.database_url(), .search_path = "lantern"});
    // One handler, all applied. From the very beginning, as after a new route; then the last page of that slice.
    const std::string whole = handler + "0, " + nothing + ", " + now + ", " + last + ", ";
    report(keyed, "sweep page, in history", "sweep_look", whole + std::to_string(events / 2) + ", " + page,
           of + ", 2 000 events compared");
    report(keyed, "sweep page, at the edge", "sweep_look",
           whole + std::to_string(std::stoll(last) - static_cast<std::int64_t>(limits::kSweepPageEvents) / 2) +
               ", " + page,
           of + ", the last 1 000 events compared");
    report(keyed, "sweep page, nothing new", "sweep_look",
           handler + last + ", " + now + ", " + snapshot() + ", " + last + ", 0, " + page, of + "; each 2 s");
    report(keyed, "relay poll, nothing new", "slice_probe", now + ", " + last, of + "; each 50 ms");
    place.database().script("update lantern.handlers set verified = " + now + ", verified_floor = " + last);
    report(place.database(), "lag, all verified", "lag", "'user_read_model', 10000", of);
    place.database().script("update lantern.handlers set verified = '1:1:', verified_floor = 0");
    report(place.database(), "lag, nothing verified", "lag", "'user_read_model', 10000", of + ", looks at 10 000");
}

}  // namespace lantern::bench
