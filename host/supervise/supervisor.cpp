#include "host/supervise/supervisor.hpp"

#include <algorithm>

namespace lantern::supervise {

using std::chrono::milliseconds;

Supervisor::Supervisor(Spawner& spawner, Observer& observer, Clock& clock)
    : spawner_(spawner), observer_(observer), clock_(clock) {}

void Supervisor::want(const std::set<Member>& members) {
    if (stopping_) return;
    wanted_ = members;
    for (const auto& member : wanted_)
        if (!running_.contains(member)) waiting_.try_emplace(member, Waiting{clock_.steady(), milliseconds{0}});
    std::erase_if(waiting_, [&](const auto& entry) { return !wanted_.contains(entry.first); });
    for (auto& [member, running] : running_)
        if (!wanted_.contains(member)) ask_to_stop(member, running);
}

void Supervisor::tick() {
    for (const auto& death : spawner_.deaths()) note(death);
    for (auto& [member, running] : running_)
        if (running.kill_at && clock_.steady() >= *running.kill_at) spawner_.kill(member);
    if (stopping_)
        stop_next_role();
    else
        start_due();
}

void Supervisor::stop() {
    if (stopping_) return;
    stopping_ = true;
    wanted_.clear();
    waiting_.clear();
    stop_next_role();
}

milliseconds Supervisor::idle() const {
    constexpr milliseconds kLongest{1000};
    milliseconds idle = kLongest;
    const auto sooner = [&](Time at) {
        idle = std::clamp(std::chrono::ceil<milliseconds>(at - clock_.steady()), milliseconds{0}, idle);
    };
    for (const auto& [member, waiting] : waiting_) sooner(waiting.until);
    for (const auto& [member, running] : running_)
        if (running.kill_at) sooner(*running.kill_at);
    return idle;
}

std::optional<State> Supervisor::state(const Member& member) const {
    if (const auto found = running_.find(member); found != running_.end())
        return found->second.kill_at ? State::stopping : State::running;
    if (waiting_.contains(member)) return State::waiting;
    return std::nullopt;
}

void Supervisor::note(const Death& death) {
    const auto found = running_.find(death.member);
    if (found == running_.end() || found->second.pid != death.pid) return;
    const Running was = found->second;
    running_.erase(found);
    if (!wanted_.contains(death.member)) {
        observer_.ended(death, std::nullopt);
        return;
    }
    // One that ran for a while and then died is started at once; one that keeps dying waits longer each time.
    const milliseconds delay =
        clock_.steady() - was.since >= kStableAfter || was.kill_at ? milliseconds{0} : longer(was.delay);
    waiting_[death.member] = {clock_.steady() + delay, delay};
    observer_.ended(death, delay);
}

void Supervisor::start_due() {
    const Time now = clock_.steady();
    for (auto& [member, waiting] : waiting_) {
        if (waiting.until > now) continue;
        const auto started = spawner_.start(member);
        if (started) {
            running_[member] = {started.value(), now, waiting.delay, std::nullopt};
            observer_.started(member, started.value());
        } else {
            waiting.delay = longer(waiting.delay);
            waiting.until = now + waiting.delay;
            observer_.not_started(member, started.error(), waiting.delay);
        }
    }
    std::erase_if(waiting_, [&](const auto& entry) { return running_.contains(entry.first); });
}

void Supervisor::ask_to_stop(const Member& member, Running& running) {
    if (running.kill_at) return;
    running.kill_at = clock_.steady() + kStopGrace;
    spawner_.ask_to_stop(member);
}

void Supervisor::stop_next_role() {
    if (running_.empty()) return;
    const Role next = running_.begin()->first.role;  // members are ordered by role
    for (auto& [member, running] : running_)
        if (member.role == next) ask_to_stop(member, running);
}

milliseconds Supervisor::longer(milliseconds delay) {
    const milliseconds first{limits::kBackoffFirst}, most{limits::kBackoffMax};
    return delay < first ? first : std::min(delay * 2, most);
}

}  // namespace lantern::supervise
