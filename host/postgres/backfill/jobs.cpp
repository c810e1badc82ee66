#include "host/postgres/backfill/jobs.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kJobs = statement("jobs");
const Statement kStart = statement("job_start");
const Statement kLease = statement("job_lease");
const Statement kBuilds = statement("job_builds");

Job read_job(const Rows& rows, std::size_t row) {
    Job job;
    job.id = rows.integer(row, 0);
    job.handler = HandlerName{rows.text(row, 1)};
    job.kind = rows.text(row, 2);
    job.state = rows.text(row, 3);
    job.phase = rows.text(row, 4);
    job.schema = rows.text(row, 5);
    job.request = rows.text(row, 6);
    job.progress = rows.text(row, 7);
    job.reason = rows.text(row, 8);
    job.requested_by = rows.text(row, 9);
    if (!rows.null(row, 10))
        job.mark = Mark{Position{rows.integer(row, 10)}, rows.text(row, 11), Position{rows.integer(row, 12)}};
    job.max_rate = rows.integer(row, 13);
    job.created_at = rows.time(row, 14);
    if (!rows.null(row, 15)) job.ended_at = rows.time(row, 15);
    job.events = rows.integer(row, 16);
    job.events_total = rows.integer(row, 17);
    job.parked = rows.integer(row, 18);
    job.slots = rows.integer(row, 19);
    job.slots_done = rows.integer(row, 20);
    job.processes = rows.integer(row, 21);
    job.plugin_build = rows.text(row, 22);
    job.slowed = rows.text(row, 23);
    job.worked_on = rows.view(row, 24) == "t";
    job.hosts = rows.integer(row, 25);
    job.hosts_able = rows.integer(row, 26);
    job.plugin = rows.text(row, 27);
    job.folded_with = rows.text(row, 28);
    return job;
}

constexpr std::size_t kOpenMax = 1000;

Session session_of_jobs(const std::string& url) {
    return {.url = url,
            .application_name = "lantern jobs",
            .plans = Plans::estimated,
            .statement_timeout = std::chrono::minutes(10)};
}

// The number that LN030 names.
std::optional<std::int64_t> running_job(const Fault& fault) {
    const std::string message = fault.what();
    if (fault.code() != "LN030") return std::nullopt;
    return std::stoll(message.substr(message.find("running: ") + 9));
}

const char* name_of(Jobs::Action action) {
    static constexpr const char* kNames[] = {"pause", "resume", "cancel", "throttle"};
    return kNames[static_cast<int>(action)];
}

}  // namespace

Jobs::Jobs(const std::string& url) : connection_(session_of_jobs(url)) {}

Result<std::int64_t, std::int64_t> Jobs::start(const Request& request) {
    connection_.ensure();
    try {
        Params params;
        params.add(request.handler.value)
            .add(request.kind)
            .add(request.request)
            .add(request.who)
            .add(request.max_rate)
            .add(request.plugin_build);
        return connection_.exec(kStart, params, Commits::here).integer(0, 0);
    } catch (const Fault& fault) {
        if (const auto running = running_job(fault)) return failure(*running);
        throw;
    }
}

std::optional<Job> Jobs::find(std::int64_t job) {
    connection_.ensure();
    const auto rows = connection_.exec(kJobs, Params{}.add(job).add(1).add("false"));
    if (rows.empty()) return std::nullopt;
    return read_job(rows, 0);
}

std::vector<Job> Jobs::listed(std::size_t limit, const char* only_open) {
    connection_.ensure();
    const auto rows =
        connection_.exec(kJobs, Params{}.add_null().add(static_cast<std::int64_t>(limit)).add(only_open));
    std::vector<Job> jobs;
    for (std::size_t row = 0; row < rows.size(); ++row) jobs.push_back(read_job(rows, row));
    return jobs;
}

std::vector<Job> Jobs::list(std::size_t limit) {
    return listed(limit, "false");
}

std::vector<Job> Jobs::open() {
    return listed(kOpenMax, "true");
}

std::vector<std::string> Jobs::builds() {
    connection_.ensure();
    const auto rows = connection_.exec(kBuilds, Params{});
    std::vector<std::string> builds;
    for (std::size_t row = 0; row < rows.size(); ++row) builds.push_back(rows.text(row, 0));
    return builds;
}

std::optional<Job> Jobs::of_build(const HandlerName& handler, const std::string& build) {
    connection_.ensure();
    const auto rows = connection_.query(
        "select max(job_id) from lantern.jobs where handler = $1 and plugin_build = $2 and kind = 'rebuild'",
        Params{}.add(handler.value).add(build));
    if (rows.null(0, 0)) return std::nullopt;
    return find(rows.integer(0, 0));
}

std::optional<std::string> Jobs::act(std::int64_t job, Action action, std::int64_t rate, const std::string& who) {
    connection_.ensure();
    try {
        const auto rows =
            connection_.query("select lantern.job_act($1::bigint, $2, $3::bigint, $4)",
                              Params{}.add(job).add(name_of(action)).add(rate).add(who), Commits::here);
        if (rows.null(0, 0)) return std::nullopt;
        return rows.text(0, 0);
    } catch (const Fault& fault) {
        const auto running = running_job(fault);
        if (!running) throw;
        const auto number = std::to_string(*running);
        throw Fault(FaultKind::configuration, "job " + std::to_string(job),
                    "job " + number + " of the same handler is running; `lantern jobs follow " + number +
                        "` or `lantern jobs cancel " + number + "`");
    }
}

void Jobs::plan(std::int64_t job, std::int64_t events_per_slot) {
    connection_.ensure();
    connection_.query("select lantern.job_plan($1::bigint, $2::bigint)", Params{}.add(job).add(events_per_slot),
                      Commits::here);
}

std::optional<SlotLease> Jobs::lease(std::int64_t job, const WorkerId& worker, Share share) {
    connection_.ensure();
    Params params;
    params.add(job).add(worker).add(share == Share::steps ? "true" : "false");
    params.add(std::int64_t{std::chrono::duration_cast<Milliseconds>(limits::kHeartbeatDead).count()});
    const auto rows = connection_.exec(kLease, params, Commits::here);
    if (rows.empty()) return std::nullopt;
    return SlotLease{job,
                     static_cast<int>(rows.integer(0, 0)),
                     Epoch{rows.integer(0, 1)},
                     StreamId{rows.integer(0, 2)},
                     StreamId{rows.integer(0, 3)},
                     static_cast<int>(rows.integer(0, 4))};
}

void Jobs::release(const WorkerId& worker) {
    connection_.ensure();
    connection_.query("update lantern.job_slots set worker_id = null where worker_id = $1::uuid and not done",
                      Params{}.add(worker), Commits::here);
}

void Jobs::lost(const WorkerId& worker) {
    connection_.ensure();
    connection_.query(
        "update lantern.job_slots set worker_id = null, lost = lost + 1 where worker_id = $1::uuid and not done",
        Params{}.add(worker), Commits::here);
}

void Jobs::slowed(std::int64_t job, const std::string& why) {
    connection_.ensure();
    connection_.query("update lantern.jobs set slowed = $2 where job_id = $1::bigint and ended_at is null",
                      Params{}.add(job).add(why), Commits::here);
}

void Jobs::fail(std::int64_t job, const std::string& why) {
    connection_.ensure();
    connection_.query(
        "update lantern.jobs set state = 'failed', reason = $2, slowed = '', ended_at = clock_timestamp()"
        " where job_id = $1::bigint and ended_at is null",
        Params{}.add(job).add(why), Commits::here);
}

bool Jobs::written(const std::string& assignments, const SlotLease& steps, Params params) {
    connection_.ensure();
    params.add(steps.job).add(steps.epoch.value);
    const auto count = params.values().size();
    const auto rows = connection_.query(
        "update lantern.jobs j set " + assignments + " where j.job_id = $" + std::to_string(count - 1) +
            "::bigint and j.ended_at is null and exists (select from lantern.job_slots s where s.job_id = j.job_id"
            " and s.slot = 0 and s.epoch = $" +
            std::to_string(count) + "::bigint) returning 1",
        params, Commits::here);
    return !rows.empty();
}

bool Jobs::enter(const SlotLease& steps, const std::string& phase) {
    return written("phase = $1, slowed = ''", steps, Params{}.add(phase));
}

bool Jobs::claim(const SlotLease& steps, const Ground& ground) {
    const Mark& mark = ground.mark;
    Params params;
    params.add(ground.schema).add(mark.floor.value).add(mark.snapshot).add(mark.ceiling.value);
    if (!written("schema_name = $1, mark_floor = $2::bigint, mark_snapshot = $3::pg_snapshot,"
                 " mark_ceiling = $4::bigint, folded_with = $5",
                 steps, params.add(ground.folded_with)))
        return false;
    connection_.query(
        "update lantern.jobs set schema_name = '' where schema_name = $1 and job_id <> $2::bigint"
        " and ended_at is not null",
        Params{}.add(ground.schema).add(steps.job), Commits::here);
    return true;
}

bool Jobs::begin_anew(const SlotLease& steps, const std::string& why) {
    return written(
        "phase = case j.kind when 'rebuild' then 'plan' else 'rest' end, folded_with = '',"
        " progress = '{}', slowed = '', reason = $1",
        steps, Params{}.add(why));
}

bool Jobs::reached(const SlotLease& steps, const Mark& mark) {
    return written("mark_floor = $1::bigint, mark_snapshot = $2::pg_snapshot, mark_ceiling = $3::bigint", steps,
                   Params{}.add(mark.floor.value).add(mark.snapshot).add(mark.ceiling.value));
}

bool Jobs::note(const SlotLease& steps, const std::string& progress) {
    return written("progress = $1::json", steps, Params{}.add(progress));
}

bool Jobs::end(const SlotLease& steps, const std::string& state, const std::string& reason) {
    return written("state = $1, reason = $2, slowed = '', ended_at = clock_timestamp()", steps,
                   Params{}.add(state).add(reason));
}

}  // namespace lantern::postgres
