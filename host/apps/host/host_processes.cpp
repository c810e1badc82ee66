#include "host/apps/host/host_processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/flight_recorder/recorder.hpp"
#include "host/processes/vitals.hpp"

namespace lantern::apps {
namespace {

using supervise::Member;

std::vector<std::string> verb_of(const Member& member) {
    std::vector<std::string> verb{std::string(supervise::role_name(member.role))};
    if (member.role == supervise::Role::backfill)
        verb.insert(verb.end(), {std::to_string(member.job), "--index", std::to_string(member.index)});
    if (member.role == supervise::Role::worker)
        verb.insert(verb.end(), {member.handler, "--index", std::to_string(member.index)});
    return verb;
}

bool runs_plugins(const Member& member) {
    return member.role != supervise::Role::relay;
}

constexpr std::chrono::seconds kTraceWithin{3};  // of a thread that is to die: its backtrace, then SIGKILL
constexpr double kMemoryNearEnd = 0.9;

std::pair<int, int> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Fault(FaultKind::outage, "host", "no pipe for what plugins print");
    return {ends[0], ends[1]};
}

// The child has its own by now.
void close_ends(const processes::Program& program) {
    if (program.out >= 0) ::close(program.out);
    if (program.err >= 0) ::close(program.err);
}

std::string in_mib(std::size_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

HostProcesses::HostProcesses(Options options, const telemetry::Log& log)
    : options_(std::move(options)),
      log_(log),
      log_descriptor_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)),
      output_(log) {}

HostProcesses::~HostProcesses() {
    running_.clear();
    if (log_descriptor_ >= 0) ::close(log_descriptor_);
}

Result<int> HostProcesses::start(const Member& member) {
    processes::Program program{.argv = {processes::own_program()}, .environment = options_.environment};
    for (auto& word : verb_of(member)) program.argv.push_back(std::move(word));
    program.argv.insert(program.argv.end(), options_.arguments.begin(), options_.arguments.end());
    Running running;
    try {
        const Extra extra = options_.extra ? options_.extra(member) : Extra{};
        program.argv.insert(program.argv.end(), extra.arguments.begin(), extra.arguments.end());
        for (const auto& [name, value] : extra.environment) program.environment[name] = value;
        program.handed_over = extra.handed_over;
        if (runs_plugins(member)) {
            capture(member, extra, program);
            running.board = std::make_unique<flight_recorder::Board>();
            program.handed_over[flight_recorder::kVariable] = running.board->descriptor();
        }
        running.ready = std::make_unique<ReadySignal>();
        program.handed_over[ReadySignal::kVariable] = running.ready->descriptor();
        running.child = std::make_unique<processes::Child>(program);
    } catch (const Fault& fault) {
        close_ends(program);
        return failure(std::string(fault.what()));
    }
    close_ends(program);
    const int pid = running.child->pid();
    running_[member] = std::move(running);
    return pid;
}

void HostProcesses::capture(const Member& member, const Extra& extra, processes::Program& program) {
    telemetry::Fields fields{{"member", member.text()}};
    fields.insert(fields.end(), extra.printed.begin(), extra.printed.end());
    for (const auto& [name, end] : {std::pair{"stdout", &program.out}, {"stderr", &program.err}}) {
        const auto [read, write] = make_pipe();
        *end = write;
        auto of = fields;
        of.push_back({"from", name});
        output_.read(read, std::move(of));
    }
    program.handed_over["LANTERN_LOG_DESCRIPTOR"] = log_descriptor_;
}

std::vector<supervise::Death> HostProcesses::deaths() {
    std::vector<supervise::Death> found;
    for (const auto& [member, running] : running_) {
        const auto ended = running.child->wait(std::chrono::milliseconds{0});
        if (!ended) continue;
        supervise::Death death{member, running.child->pid(), ended->text(), ended->signal, ended->clean()};
        death.sentence = running.sentence;
        if (running.board) {
            death.calls = running.board->calls();
            const auto ending = running.board->ending();
            death.ending_thread = ending.thread;
            death.backtrace = ending.backtrace;
        }
        found.push_back(std::move(death));
    }
    for (const auto& death : found) {
        running_.erase(death.member);
        watchdog_.forget(death.member);
    }
    return found;
}

bool HostProcesses::ready(const Member& member) {
    const auto found = running_.find(member);
    return found != running_.end() && found->second.ready->given();
}

void HostProcesses::ask_to_stop(const Member& member) {
    if (const auto found = running_.find(member); found != running_.end()) found->second.child->signal(SIGTERM);
}

void HostProcesses::kill(const Member& member) {
    if (const auto found = running_.find(member); found != running_.end()) found->second.child->signal(SIGKILL);
}

void HostProcesses::watch() {
    for (auto& [member, running] : running_) {
        end_if_stopped(member, running);
        if (running.board) look_at(member, running);
    }
}

void HostProcesses::end_if_stopped(const Member& member, Running& running) {
    const auto now = std::chrono::steady_clock::now();
    if (!processes::vitals_of(running.child->pid()).stopped) return running.stopped_since.reset();
    if (!running.stopped_since) running.stopped_since = now;
    if (now - *running.stopped_since < limits::kHeartbeatDead) return;
    log_.error("is ended, since a signal stopped it", {{"member", member.text()}, {"pid", running.child->pid()}});
    running.child->signal(SIGKILL);
}

void HostProcesses::look_at(const Member& member, Running& running) {
    const auto now = std::chrono::steady_clock::now();
    if (running.sentence) {
        if (now >= running.kill_at) running.child->signal(SIGKILL);
        return;
    }
    const auto calls = running.board->calls();
    if (calls.empty()) return;
    const auto vitals = processes::vitals_of(running.child->pid());
    using Process = supervise::Watchdog::Process;
    if (auto sentence = watchdog_.look(member, calls, vitals.frozen ? Process::frozen : Process::runs, now))
        return pass(member, running, *std::move(sentence), calls);
    const auto allowed = calls.front().memory_bytes;
    if (allowed == 0 || vitals.frozen) return;
    if (vitals.resident_bytes > allowed)
        return pass(member, running,
                    {supervise::Sentence::Offence::memory, calls.front().slot, calls.front().number,
                     "used " + in_mib(vitals.resident_bytes) + " of memory, " + in_mib(allowed) + " are allowed"},
                    calls);
    const bool near_end =
        static_cast<double>(vitals.resident_bytes) > static_cast<double>(allowed) * kMemoryNearEnd;
    if (near_end && !running.drains && calls.front().phase == supervise::Call::Phase::outside) {
        running.drains = true;
        log_.warn(
            "begins anew, since its memory comes to an end",
            {{"member", member.text()}, {"used", in_mib(vitals.resident_bytes)}, {"allowed", in_mib(allowed)}});
        running.child->signal(SIGTERM);
    }
}

// The thread at fault is to leave its backtrace; the process dies of that, or is killed a little later.
void HostProcesses::pass(const Member& member, Running& running, supervise::Sentence sentence,
                         const std::vector<supervise::Call>& calls) {
    log_.error("is ended", {{"member", member.text()}, {"pid", running.child->pid()}, {"why", sentence.text}});
    for (const auto& call : calls)
        if (call.slot == sentence.slot) processes::signal_thread(running.child->pid(), call.thread, SIGABRT);
    running.sentence = std::move(sentence);
    running.kill_at = std::chrono::steady_clock::now() + kTraceWithin;
}

void HostProcesses::wait(const std::vector<int>& descriptors, std::chrono::milliseconds wait) const {
    std::vector<pollfd> wanted;
    for (const int descriptor : descriptors) wanted.push_back({descriptor, POLLIN, 0});
    for (const auto& [member, running] : running_) wanted.push_back({running.child->descriptor(), POLLIN, 0});
    poll(wanted.data(), wanted.size(), static_cast<int>(wait.count()));
}

Uuid identity_of(supervise::Role role, int pid) {
    const char* run = std::getenv("LANTERN_HOST_RUN");
    if (const auto host_run = run ? Uuid::parse(run) : std::nullopt) return identity_of(role, *host_run, pid);
    SystemClock clock;
    SystemRandom random;
    return Uuid::v7(clock.now(), random.next(), random.next());
}

Uuid identity_of(supervise::Role role, const Uuid& host_run, int pid) {
    return Uuid::derived(host_run, std::string(supervise::role_name(role)) + " " + std::to_string(pid));
}

}  // namespace lantern::apps
