#include "tests/bench/flow.hpp"

#include <sstream>

namespace lantern::bench {
namespace {

constexpr auto kEvery = std::chrono::milliseconds(10);

// When a row, or an event, was committed; in seconds.
constexpr const char* kRowCommitted = "extract(epoch from pg_xact_commit_timestamp(t.xmin))::float8";
constexpr const char* kEventCommitted =
    "extract(epoch from pg_xact_commit_timestamp((e.xid::text::bigint % 4294967296)::text::xid))::float8";

double number_of(Place& place, const std::string& sql) {
    return std::stod(place.database().query(sql).text(0, 0));
}

std::string seconds(double value) {
    std::ostringstream text;
    text.precision(6);
    text << std::fixed << value;
    return text.str();
}

}  // namespace

Flow::Flow(Place& place, int users, int per_second)
    : place_(place), thread_([this, users, per_second] { work(users, per_second); }) {}

// Some streams in turn, one event each, in one transaction: as many commands at once would leave it.
void Flow::work(int users, int per_second) {
    postgres::Connection connection({.url = place_.database_url(), .search_path = "public"});
    const int at_once = static_cast<int>(per_second * kEvery / std::chrono::seconds(1));
    auto next = std::chrono::steady_clock::now();
    for (int first = 1; !stop_; first = first + 2 * at_once > users + 1 ? 1 : first + at_once) {
        std::this_thread::sleep_until(next += kEvery);
        connection.query(
            "with moved as (update lantern.streams set revision = revision + 1"
            "                where stream_id between $1 and $2 returning stream_id, revision)"
            " insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, "
            "xid,"
            "                             data, metadata)"
            " select nextval('lantern.events_position'), stream_id, revision, gen_random_uuid(), 'USER_UPDATED', 1,"
            "        clock_timestamp(), pg_current_xact_id(), '{\"first_name\":\"Sarah\"}',"
            "        '{\"actor\":{\"id\":\"bench\",\"name\":\"bench\"},\"correlation_id\":\"c\"}' from moved",
            postgres::Params{}.add(first).add(first + at_once - 1));
    }
}

void Flow::stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

void Flow::finish() {
    stop();
    place_.wait_for("the last events",
                    "select count(*) - (select count(*) from lantern.events) + 1 from steps.steps", 1,
                    std::chrono::seconds(120));
}

double Flow::now(Place& place) {
    return number_of(place, "select extract(epoch from clock_timestamp())::float8");
}

double Flow::longest_pause(Place& place, double from, double to) {
    return number_of(place,
                     std::string("select coalesce(max(at - before), 0) from (select at, lag(at) over (order by at) "
                                 "as before from (select distinct ") +
                         kRowCommitted + " as at from steps.steps t) times) pauses where at > " + seconds(from) +
                         " and before < " + seconds(to));
}

double Flow::last_late(Place& place, double from, double late) {
    return number_of(
        place,
        std::string("select coalesce(max(applied), 0) from (select ") + kRowCommitted + " as applied, " +
            kEventCommitted +
            " as stored from lantern.events e join lantern.streams s using (stream_id) join steps.steps t on "
            "t.id = s.aggregate_id and t.revision = e.revision) times where stored > " +
            seconds(from) + " and applied - stored > " + seconds(late));
}

std::string Flow::rate_of(Place& place, double from, double to) {
    const double events = number_of(place, std::string("select count(*) from (select ") + kEventCommitted +
                                               " as stored from lantern.events e) times where stored between " +
                                               seconds(from) + " and " + seconds(to));
    return number(events / (to - from)) + " events/s";
}

}  // namespace lantern::bench
