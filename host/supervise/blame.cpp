#include "host/supervise/blame.hpp"

#include <algorithm>
#include <array>
#include <csignal>

namespace lantern::supervise {
namespace {

using std::chrono::milliseconds;

constexpr std::array kOwnFaults = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

bool is_own_fault(int signal) {
    return std::find(kOwnFaults.begin(), kOwnFaults.end(), signal) != kOwnFaults.end();
}

bool is_charged(const Call& call) {
    return call.phase != Call::Phase::outside;
}

// The call that ended the process: its sentence's, else that of the thread that ended it, else the only one there
// is.
const Call* call_of(const Death& death) {
    if (death.sentence && death.sentence->offence == Sentence::Offence::overran) {
        for (const Call& call : death.calls)
            if (call.slot == death.sentence->slot && call.number == death.sentence->number) return &call;
        return nullptr;
    }
    if (death.ending_thread != 0) {
        for (const Call& call : death.calls)
            if (call.thread == death.ending_thread) return is_charged(call) ? &call : nullptr;
    }
    const auto found = std::find_if(death.calls.begin(), death.calls.end(), is_charged);
    if (found == death.calls.end()) return nullptr;
    return std::count_if(death.calls.begin(), death.calls.end(), is_charged) == 1 ? &*found : nullptr;
}

std::string cause_of(const Death& death) {
    if (death.sentence) return death.sentence->text;
    return death.signal == 0 ? death.how + " inside the plugin" : death.how;
}

std::string in_words(milliseconds time) {
    return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s"
                                    : std::to_string(time.count()) + " ms";
}

}  // namespace

std::optional<Crash> blame(const Death& death) {
    const bool overran = death.sentence && death.sentence->offence == Sentence::Offence::overran;
    const Call* call = call_of(death);
    if (overran && !call) return std::nullopt;  // it had returned after all
    const bool died_of_itself = death.signal != 0 ? is_own_fault(death.signal) : call != nullptr;
    if (!death.sentence && !died_of_itself) return std::nullopt;

    Crash crash;
    crash.role = death.member.role;
    crash.cause = cause_of(death);
    crash.backtrace = death.backtrace;
    if (call) {
        crash.subject = call->subject;
        crash.build = call->build;
        crash.command = call->command;
        if (death.member.role == Role::worker && call->event != EventId{}) crash.event = call->event;
        crash.stream = call->stream;
        crash.revision = call->revision;
        crash.position = call->position;
        crash.attempt = call->attempt;
        return crash;
    }
    if (death.member.role != Role::worker || death.calls.empty()) return std::nullopt;
    crash.subject = death.calls.front().subject;
    crash.build = death.calls.front().build;
    return crash;
}

milliseconds Watchdog::patience(milliseconds time_limit) {
    return time_limit + std::max<milliseconds>(time_limit / 4, std::chrono::seconds(1));
}

std::optional<Sentence> Watchdog::look(const Member& member, const std::vector<Call>& calls, Process process,
                                       Time now) {
    Watched& watched = watched_[member];
    // We look late by a little under load; by this much only when we did not run.
    const bool slept = watched.looked_at != Time{} && now - watched.looked_at > 5 * kLookEvery;
    if (process == Process::frozen || slept) watched.excused_until = now;
    watched.looked_at = now;
    for (const Call& call : calls) {
        if (call.phase != Call::Phase::inside || call.time_limit.count() <= 0) continue;
        const Time since = std::max(call.since, watched.excused_until);
        if (now - since <= patience(call.time_limit)) continue;
        return Sentence{Sentence::Offence::overran, call.slot, call.number,
                        "overran its time limit of " + in_words(call.time_limit)};
    }
    return std::nullopt;
}

void Watchdog::forget(const Member& member) {
    watched_.erase(member);
}

}  // namespace lantern::supervise
