#include "host/apps/host_processes.hpp"

#include <poll.h>

#include <cstdlib>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

using supervise::Member;

std::vector<std::string> verb_of(const Member& member) {
    std::vector<std::string> verb{std::string(supervise::role_name(member.role))};
    if (member.role == supervise::Role::worker)
        verb.insert(verb.end(), {member.handler, "--index", std::to_string(member.index)});
    return verb;
}

}  // namespace

Result<int> HostProcesses::start(const Member& member) {
    processes::Program program{.argv = {processes::own_program()}, .environment = options_.environment};
    for (auto& word : verb_of(member)) program.argv.push_back(std::move(word));
    program.argv.insert(program.argv.end(), options_.arguments.begin(), options_.arguments.end());
    try {
        auto child = std::make_unique<processes::Child>(program);
        const int pid = child->pid();
        children_[member] = std::move(child);
        return pid;
    } catch (const Fault& fault) {
        return failure(std::string(fault.what()));
    }
}

std::vector<supervise::Death> HostProcesses::deaths() {
    std::vector<supervise::Death> found;
    for (const auto& [member, child] : children_)
        if (const auto ended = child->wait(std::chrono::milliseconds{0}))
            found.push_back({member, child->pid(), ended->text()});
    for (const auto& death : found) children_.erase(death.member);
    return found;
}

void HostProcesses::ask_to_stop(const Member& member) {
    if (const auto found = children_.find(member); found != children_.end()) found->second->signal(SIGTERM);
}

void HostProcesses::kill(const Member& member) {
    if (const auto found = children_.find(member); found != children_.end()) found->second->signal(SIGKILL);
}

void HostProcesses::wait(int stop_descriptor, std::chrono::milliseconds wait) const {
    std::vector<pollfd> wanted{{stop_descriptor, POLLIN, 0}};
    for (const auto& [member, child] : children_) wanted.push_back({child->descriptor(), POLLIN, 0});
    poll(wanted.data(), wanted.size(), static_cast<int>(wait.count()));
}

Uuid relay_identity(int pid) {
    const char* run = std::getenv("LANTERN_HOST_RUN");
    if (const auto host_run = run ? Uuid::parse(run) : std::nullopt) return relay_identity(*host_run, pid);
    SystemClock clock;
    SystemRandom random;
    return Uuid::v7(clock.now(), random.next(), random.next());
}

Uuid relay_identity(const Uuid& host_run, int pid) {
    return Uuid::derived(host_run, "relay " + std::to_string(pid));
}

}  // namespace lantern::apps
