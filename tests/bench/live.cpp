// Queued events through RabbitMQ into user_read_model, beside a C loop written by hand for just that.
#include <sstream>

#include "tests/bench/bench.hpp"

namespace lantern::bench {
namespace {

constexpr int kUsers = 10'000;
constexpr int kUpdates = 19;
constexpr std::int64_t kEvents = std::int64_t{kUsers} * (kUpdates + 1);

constexpr const char* kLimitTables = R"(
create table limit_users (id text primary key, username text, email text, first_name text, last_name text);
create index on limit_users (username);
create index on limit_users (email);
create table limit_streams (stream_id bigint primary key, revision bigint not null);
create function limit_flush(streams bigint[], befores bigint[], revisions bigint[], ids text[], usernames text[],
                            emails text[], firsts text[], lasts text[]) returns bigint language plpgsql as $$
declare written bigint; updated bigint;
begin
    perform pg_advisory_xact_lock_shared(1, 1);
    insert into limit_streams select s, r from unnest(streams, befores, revisions) as n (s, b, r) where b = 0;
    get diagnostics written = row_count;
    update limit_streams t set revision = n.r from unnest(streams, befores, revisions) as n (s, b, r)
     where n.b > 0 and t.stream_id = n.s and t.revision = n.b;
    get diagnostics updated = row_count;
    written := written + updated;
    if written <> cardinality(streams) then raise exception 'order broken'; end if;
    insert into limit_users as u
    select * from unnest(ids, usernames, emails, firsts, lasts) as n (id, username, email, first, last) where username <> ''
    on conflict (id) do update set first_name = excluded.first_name;
    update limit_users u set first_name = n.first from unnest(ids, usernames, firsts) as n (id, username, first)
     where n.username = '' and u.id = n.id;
    return written;
end $$;
)";

// The queues of another handler of the same events: drained by the C loop instead of a worker.
double run_by_hand(Place& place, const std::string& queue) {
    place.database().script(kLimitTables);
    const std::string url = place.broker_url();  // amqp://user:password@host:port/vhost
    const auto at = url.find('@'), colon = url.find(':', 7), port = url.find(':', at), slash = url.find('/', port);
    const std::string output = (place.directory() / "limit.out").string();
    processes::Program program;
    program.argv = {LIMIT_LIVE,
                    url.substr(at + 1, port - at - 1),
                    url.substr(port + 1, slash - port - 1),
                    url.substr(7, colon - 7),
                    url.substr(colon + 1, at - colon - 1),
                    url.substr(slash + 1),
                    queue,
                    place.database_url(),
                    std::to_string(kEvents)};
    const auto finished = processes::run(program, std::chrono::minutes(5));
    if (!finished.ended.clean()) {
        std::fprintf(stderr, "limit_live: %s\n", finished.output.c_str());
        std::exit(1);
    }
    return static_cast<double>(kEvents) / std::stod(finished.output);
}

}  // namespace

void live() {
    // One partition each, so that both sides read one queue.
    Place place(std::string(R"(version: 1
events:
  USER_CREATED: [user_read_model, by_hand]
  USER_UPDATED: [user_read_model, by_hand]
handlers:
  user_read_model: {partitions: 1}
  by_hand: {plugin: user_read_model, partitions: 1}
)"));
    {
        auto host = place.host("worker");
        place.wait_for("bound queues", "select count(*) from lantern.leases where feed_target is not null", 2,
                       std::chrono::seconds(60));
        host->stop(std::chrono::seconds(20));
    }
    place.fill_store(kUsers, kUpdates);
    {
        auto relay = place.host("relay");
        place.wait_for("the relay",
                       "select count(*) from lantern.marks where floor >= " + std::to_string(kEvents) +
                           " and target_floor is null",
                       1, std::chrono::seconds(120));
        relay->stop(std::chrono::seconds(20));
    }
    const double by_hand = run_by_hand(place, "lantern.by_hand.1.0");

    const std::string applied = "select coalesce(sum(revision), 0) from user_read_model.lantern_streams";
    auto worker = place.lantern({"worker", "user_read_model"});
    place.wait_for("the first batch", applied, 1, std::chrono::seconds(60));
    place.wait_for("a session of the handler's own role",
                   "select count(*) from pg_stat_activity where usename = lantern.role_of('user_read_model')", 1,
                   std::chrono::seconds(1));
    const std::int64_t already = place.ask(applied);
    const Stopwatch watch;
    place.wait_for("all events", applied, kEvents, std::chrono::seconds(300));
    const double rate = static_cast<double>(kEvents - already) / watch.seconds();
    worker->stop(std::chrono::seconds(20));

    std::ostringstream conditions;
    conditions << number(static_cast<double>(kEvents)) << " queued events, " << number(kUsers)
               << " streams, 1 worker as its handler's role, quorum queue, synchronous_commit=on";
    print("live", rate, "events/s", conditions.str());
    print("live, limit by hand in C", by_hand, "events/s", conditions.str());
    print("live, share of the limit", 100 * rate / by_hand, "%",
          "goal 80; Celery 1 640 events/s on such a machine");
}

}  // namespace lantern::bench
