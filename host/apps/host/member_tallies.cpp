#include "host/apps/host/member_tallies.hpp"

namespace lantern::apps {

using supervise::Member;

int MemberTallies::open(const Member& worker) {
    const std::lock_guard lock(mutex_);
    auto& board = boards_[worker];
    if (board) ended_counts_[worker.handler] += board->counts();
    board = std::make_unique<telemetry::TallyBoard>();
    return board->descriptor();
}

void MemberTallies::started(const Member& member, int pid) {
    const std::lock_guard lock(mutex_);
    running_[member] = {pid, std::chrono::steady_clock::now()};
}

void MemberTallies::ended(const Member& member, End end) {
    const std::lock_guard lock(mutex_);
    running_.erase(member);
    if (end == End::unwanted) ++deaths_[{member.role, member.handler}];
    const auto board = boards_.find(member);
    if (board == boards_.end()) return;
    ended_counts_[member.handler] += board->second->counts();
    boards_.erase(board);
}

std::vector<MemberTallies::Process> MemberTallies::processes() const {
    const std::lock_guard lock(mutex_);
    std::vector<Process> processes;
    for (const auto& [member, running] : running_) {
        const auto board = boards_.find(member);
        processes.push_back({member, running.pid, running.started_at,
                             board == boards_.end() ? telemetry::Pace{} : board->second->pace()});
    }
    return processes;
}

std::map<std::string, telemetry::Counts> MemberTallies::by_handler() const {
    const std::lock_guard lock(mutex_);
    auto counts = ended_counts_;
    for (const auto& [member, board] : boards_) counts[member.handler] += board->counts();
    return counts;
}

std::map<std::pair<supervise::Role, std::string>, std::uint64_t> MemberTallies::deaths() const {
    const std::lock_guard lock(mutex_);
    return deaths_;
}

}  // namespace lantern::apps
