#include "host/supervise/supervisor.hpp"

#include <algorithm>

namespace lantern::supervise {

using std::chrono::milliseconds;

Supervisor::Supervisor(Spawner& spawner, Observer& observer, Clock& clock)
    : spawner_(spawner), observer_(observer), clock_(clock) {}

void Supervisor::want(const std::set<Member>& members) {
    if (stopping_) return;
    look_for_ready();  // who got ready for what was wanted before stands in now
    wanted_ = members;
    std::erase_if(stand_ins_, [&](const Member& member) { return wanted_.contains(member); });
    // Who is ready, and else whoever there is.
    for (const bool ready : {true, false})
        for (const auto& [member, running] : running_)
            if (running.ready == ready && !running.kill_at && !wanted_.contains(member) &&
                (ready || !seated(member)))
                stand_ins_.insert(member);
    for (const auto& member : wanted_)
        if (!running_.contains(member)) waiting_.try_emplace(member, Waiting{clock_.steady(), milliseconds{0}});
    hand_over();
}

void Supervisor::tick() {
    for (const auto& death : spawner_.deaths()) note(death);
    for (auto& [member, running] : running_)
        if (running.kill_at && clock_.steady() >= *running.kill_at) spawner_.kill(member);
    if (stopping_) {
        stop_next_role();
    } else {
        look_for_ready();
        start_due();
    }
}

bool Supervisor::seated(const Member& member) const {
    return std::any_of(stand_ins_.begin(), stand_ins_.end(),
                       [&](const Member& other) { return other.shares_seat_with(member); });
}

// Whether another edition of the stand-in's seat is wanted, and not ready.
bool Supervisor::awaited(const Member& stand_in) const {
    return std::any_of(wanted_.begin(), wanted_.end(), [&](const Member& member) {
        if (!member.shares_seat_with(stand_in)) return false;
        const auto found = running_.find(member);
        return found == running_.end() || !found->second.ready;
    });
}

std::optional<Member> Supervisor::stand_in(const Member& member) const {
    if (!wanted_.contains(member)) return std::nullopt;
    const auto found = std::find_if(stand_ins_.begin(), stand_ins_.end(),
                                    [&](const Member& other) { return other.shares_seat_with(member); });
    return found == stand_ins_.end() ? std::nullopt : std::optional(*found);
}

void Supervisor::look_for_ready() {
    bool any = false;
    for (auto& [member, running] : running_) {
        if (running.ready || running.kill_at) continue;
        const bool has_stand_in = stand_in(member).has_value();
        if (spawner_.ready(member)) {
            running.ready = any = true;
            if (has_stand_in) observer_.took_over(member);
        } else if (has_stand_in && !running.given_up && clock_.steady() - running.since >= kReadyWithin) {
            running.given_up = true;
            spawner_.kill(member);
        }
    }
    if (any) hand_over();
}

// Ends whoever is neither wanted nor stands in.
void Supervisor::hand_over() {
    std::erase_if(stand_ins_, [&](const Member& member) { return !awaited(member); });
    const auto kept = [&](const Member& member) { return wanted_.contains(member) || stand_ins_.contains(member); };
    std::erase_if(waiting_, [&](const auto& entry) { return !kept(entry.first); });
    for (auto& [member, running] : running_)
        if (!kept(member)) ask_to_stop(member, running);
}

void Supervisor::stop() {
    if (stopping_) return;
    stopping_ = true;
    wanted_.clear();
    stand_ins_.clear();
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
    constexpr milliseconds kLookForReady{50};
    return stand_ins_.empty() ? idle : std::min(idle, kLookForReady);
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
    // Its job has ended; whoever says what is wanted will see that too.
    if (death.member.role == Role::backfill && death.clean) wanted_.erase(death.member);
    if (!wanted_.contains(death.member) && !stand_ins_.contains(death.member)) {
        observer_.ended(death, std::nullopt);
        return;
    }
    // One that ran for a while and then died is started at once; one that keeps dying waits longer each time.
    const bool stable = clock_.steady() - was.since >= kStableAfter && !was.given_up;
    const milliseconds delay = stable || was.kill_at ? milliseconds{0} : longer(was.delay);
    waiting_[death.member] = {clock_.steady() + delay, delay};
    observer_.ended(death, delay);
}

void Supervisor::start_due() {
    const Time now = clock_.steady();
    for (auto& [member, waiting] : waiting_) {
        if (waiting.until > now) continue;
        const auto started = spawner_.start(member);
        if (started) {
            running_[member] = {started.value(), now, waiting.delay, std::nullopt, false, false};
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
