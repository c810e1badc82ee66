// Arrivals over the memory store of the command path, so that what arrives is what an aggregate is folded from.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "host/intake/ports.hpp"
#include "tests/unit/command/fakes.hpp"

namespace lantern::intake::fakes {

class MemoryArrivals final : public Arrivals {
public:
    explicit MemoryArrivals(command::fakes::MemoryStore& store) : store_(store) {}

    command::fakes::FaultAt fault;
    int appends = 0;
    bool away = false;                    // what is known cannot be asked for
    std::function<void()> before_append;  // another writer that comes between; called once

    std::vector<bool> known(std::span<const Arrival> events) override {
        if (away) throw Fault(FaultKind::outage, "store", "away");
        std::vector<bool> known;
        for (const auto& event : events)
            known.push_back(event.event_id && known_.contains({event.source, event.id}));
        return known;
    }

    Result<std::vector<Recorded>, Refusal> append(const Append& append) override {
        ++appends;
        const bool doubtful = fault.kind == FaultKind::in_doubt;
        const bool due = fault.due();
        if (due && !doubtful) fault.raise();
        if (before_append) std::exchange(before_append, nullptr)();
        for (const auto& [stream, snapshot] : append.snapshots) store_.snapshots[name_of(stream)] = snapshot;
        if (const auto refused = refuse(append)) return failure(*refused);
        const auto been = known(append.events);
        if (std::find(been.begin(), been.end(), false) != been.end()) move(append);
        std::vector<Recorded> recorded;
        for (const auto& event : append.events) recorded.push_back(record(event));
        if (due) fault.raise();
        return recorded;
    }

private:
    using Kind = Refusal::Kind;
    struct Known {
        Arrival event;
        Recorded place;
    };

    static std::string name_of(const StreamName& stream) {
        return stream.aggregate_type + "/" + stream.aggregate_id;
    }
    static std::string name_of(const Arrival& event) { return event.aggregate_type + "/" + event.aggregate_id; }
    Revision head_of(const std::string& name) const {
        const auto found = store_.streams.find(name);
        return found == store_.streams.end() || found->second.empty() ? Revision{0} : found->second.back().revision;
    }

    static bool same(const Arrival& one, const Arrival& other) {
        return name_of(one) == name_of(other) && one.type == other.type &&
               one.schema_version == other.schema_version &&
               boost::json::parse(one.data) == boost::json::parse(other.data);
    }

    void move(const Append& append) {
        for (const auto& move : append.freed) store_.keys.erase(move.key);
        for (const auto& move : append.held) store_.keys[move.key] = name_of(move.stream);
        for (const auto& [counter, delta] : append.counters) store_.counters[counter] += delta;
    }

    static Refusal refusal_of(Kind kind, std::size_t at, Revision next = {}) {
        Refusal refusal;
        refusal.kind = kind;
        refusal.number = static_cast<std::int64_t>(at + 1);
        refusal.next = next;
        return refusal;
    }
    static Refusal taken(const KeyMove& move) {
        Refusal refusal;
        refusal.kind = Kind::key_taken;
        refusal.scope = move.key.scope;
        refusal.stream = move.stream;
        return refusal;
    }

    std::optional<Refusal> refuse(const Append& append) {
        std::map<std::string, Revision> heads;
        for (std::size_t at = 0; at < append.events.size(); ++at)
            if (const auto found = known_.find({append.events[at].source, append.events[at].id});
                found != known_.end() && !same(found->second.event, append.events[at]))
                return refusal_of(Kind::reused, at);
        const auto been = known(append.events);
        if (std::find(been.begin(), been.end(), false) == been.end()) return std::nullopt;
        for (const auto& [stream, head] : append.heads)
            if (head_of(name_of(stream)) != head) return Refusal{};
        for (std::size_t at = 0; at < append.events.size(); ++at) {
            const auto& event = append.events[at];
            if (known_.contains({event.source, event.id})) continue;
            auto& next = heads.try_emplace(name_of(event), head_of(name_of(event))).first->second;
            ++next.value;
            if (event.revision.value_or(next) != next) return refusal_of(Kind::revision, at, next);
        }
        for (const auto& move : append.held)
            if (const auto holder = store_.keys.find(move.key);
                holder != store_.keys.end() && holder->second != name_of(move.stream))
                return taken(move);
        return std::nullopt;
    }

    Recorded record(const Arrival& arrival) {
        if (const auto found = known_.find({arrival.source, arrival.id}); found != known_.end()) {
            auto place = found->second.place;
            place.known = true;
            return place;
        }
        Event event;
        event.id = *arrival.event_id;
        event.stream = StreamId{1};
        event.revision = Revision{head_of(name_of(arrival)).value + 1};
        event.aggregate_type = arrival.aggregate_type;
        event.aggregate_id = arrival.aggregate_id;
        event.type = arrival.type;
        event.schema_version = arrival.schema_version;
        event.data = arrival.data;
        event.metadata = arrival.metadata;
        store_.streams[name_of(arrival)].push_back(event);
        const Recorded place{event.id, event.revision, false};
        known_[{arrival.source, arrival.id}] = {arrival, place};
        return place;
    }

    command::fakes::MemoryStore& store_;
    std::map<std::pair<std::string, std::string>, Known> known_;
};

}  // namespace lantern::intake::fakes
