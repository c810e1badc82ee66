#include "host/command/append_groups.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"

namespace lantern::command {
namespace {

std::size_t bytes_of(const Append& append) {
    std::size_t bytes = append.snapshot ? append.snapshot->state.size() : 0;
    for (const auto& event : append.events) bytes += event.data.size() + event.metadata.size();
    return bytes;
}

// What two members of one group must not have in common, and how much there is of it already.
class Composition {
public:
    bool takes(const Append& append) {
        const auto bytes = bytes_of(append);
        if (!streams_.empty() && bytes_ + bytes > limits::kAppendGroupBytesMax) return false;
        if (streams_.contains(append.stream)) return false;
        if (const auto& record = append.idempotency)
            if (!keys_.emplace(record->caller, record->route, record->key).second) return false;
        streams_.insert(append.stream);
        bytes_ += bytes;
        return true;
    }

private:
    std::set<StreamId> streams_;
    std::set<std::tuple<std::string_view, std::string_view, std::string_view>> keys_;
    std::size_t bytes_ = 0;
};

std::vector<AppendGroups::Landing> carried(Store& store, const std::vector<AppendGroups::MemberPtr>& group) {
    std::vector<AppendGroups::Landing> landings(group.size(), AppendGroups::Alone{});
    try {
        if (group.size() == 1) {
            landings[0] = store.append(group[0]->append());
            return landings;
        }
        std::vector<const Append*> appends;
        for (const auto& member : group) appends.push_back(&member->append());
        auto outcomes = store.append_group(appends);
        for (std::size_t n = 0; n < group.size(); ++n)
            if (outcomes[n]) landings[n] = std::move(*outcomes[n]);
    } catch (const Fault& fault) {
        // With the connection lost, no one knows more than that. Else one member may be at fault: each goes by
        // itself.
        if (group.size() == 1 || fault.poisons_connection())
            std::fill(landings.begin(), landings.end(), std::current_exception());
    } catch (...) {
        std::fill(landings.begin(), landings.end(), std::current_exception());
    }
    return landings;
}

}  // namespace

bool AppendGroups::may_join(const Append& append) {
    return append.expected > 0 && append.stream.value > 0 && !append.events.empty() && append.holds.empty() &&
           append.frees.empty() && append.counters.empty();
}

void AppendGroups::append(Store& store, MemberPtr member, const Land& land) {
    if (!may_join(member->append())) {
        auto landings = carried(store, {member});
        return land(member, std::move(landings[0]));
    }
    {
        std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(member));
        if (carriers_ == limits::kAppendGroupsAtOnce) return;
        ++carriers_;
    }
    carry(store, land);
}

void AppendGroups::carry(Store& store, const Land& land) noexcept {
    for (auto group = next(); !group.empty(); group = next()) {
        auto landings = carried(store, group);
        for (std::size_t n = 0; n < group.size(); ++n) land(group[n], std::move(landings[n]));
    }
}

// The longest waiting ones that fit together, sorted by stream. Nobody: nobody waits, and the caller carries no
// more.
std::vector<AppendGroups::MemberPtr> AppendGroups::next() {
    std::vector<MemberPtr> group;
    Composition composition;
    std::lock_guard lock(mutex_);
    std::deque<MemberPtr> later;
    for (auto& member : waiting_) {
        const bool room = group.size() < limits::kAppendGroupMax && composition.takes(member->append());
        (room ? group.emplace_back() : later.emplace_back()) = std::move(member);
    }
    waiting_ = std::move(later);
    if (group.empty()) --carriers_;
    std::sort(group.begin(), group.end(),
              [](const auto& a, const auto& b) { return a->append().stream < b->append().stream; });
    return group;
}

}  // namespace lantern::command
