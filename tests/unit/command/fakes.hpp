// A store in memory with the rules of lantern.append, and an aggregate that is small enough to see through: an
// account with a unique name and a balance.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "host/command/command_path.hpp"
#include "host/core/fault.hpp"

namespace lantern::command::fakes {

// Faults at the N-th call, once.
struct FaultAt {
    int call = 0;  // counts down; 0: never
    FaultKind kind = FaultKind::outage;

    bool due() { return call > 0 && --call == 0; }
    [[noreturn]] void raise() const { throw Fault(kind, "fake store", "as asked"); }
};

class MemoryStore final : public Store {
public:
    FaultAt fault;
    int calls = 0;
    int loads = 0;
    int groups = 0;
    std::set<std::string> locked;         // aggregates whose streams a group finds locked
    std::function<void()> before_append;  // another writer that comes between; called once
    std::map<std::string, std::vector<Event>> streams;
    std::map<UniqueKey, std::string> keys;  // -> stream
    std::map<std::string, std::int64_t> counters;
    std::map<std::string, Snapshot> snapshots;
    std::map<std::string, IdempotencyRecord> records;

    LoadedStream load(const std::string& type, const std::string& id, int state_version, const std::string& build,
                      const Range& range) override {
        called();
        ++loads;
        LoadedStream loaded;
        const auto name = type + "/" + id;
        const auto found = streams.find(name);
        if (found == streams.end()) return loaded;
        loaded.stream = stream_of(name);
        loaded.head = found->second.back().revision;
        if (const auto snapshot = snapshots.find(name); snapshot != snapshots.end()) {
            const auto& kept = snapshot->second;
            if (kept.state_version == state_version && kept.build == build && !range.after &&
                (!range.until_revision || kept.revision <= *range.until_revision) && !range.until_time)
                loaded.snapshot = kept;
        }
        for (const auto& event : found->second) {
            if (loaded.snapshot && event.revision <= loaded.snapshot->revision) continue;
            if (range.after && event.revision <= *range.after) continue;
            if (range.until_revision && event.revision > *range.until_revision) continue;
            if (range.until_time && event.recorded_at > *range.until_time) break;
            loaded.events.push_back(event);
        }
        return loaded;
    }

    AppendOutcome append(const Append& append) override {
        // An outage strikes before anything is done, doubt after all is done.
        const bool doubtful = fault.kind == FaultKind::in_doubt && fault.call == 1;
        if (!doubtful) called();
        if (before_append) std::exchange(before_append, nullptr)();
        using Kind = AppendRefusal::Kind;
        if (append.idempotency && records.contains(record_name(*append.idempotency)))
            return failure(AppendRefusal{Kind::idempotency_known, {}, {}});
        const auto name = append.aggregate_type + "/" + append.aggregate_id;
        Revision head;
        if (const auto found = streams.find(name); found != streams.end()) head = found->second.back().revision;
        if (!append.events.empty() && append.expected != kAnyRevision && append.expected != head.value)
            return failure(AppendRefusal{Kind::revision_differs, head, {}});
        for (const auto& key : append.holds)
            if (const auto held = keys.find(key); held != keys.end() && held->second != name)
                return failure(AppendRefusal{Kind::key_taken, {}, key.scope});
        for (const auto& move : append.counters)
            if (counters[move.name] + move.delta < move.minimum)
                return failure(AppendRefusal{Kind::counter_below, {}, move.name});
        for (const auto& move : append.counters) counters[move.name] += move.delta;
        for (const auto& key : append.frees) keys.erase(key);
        for (const auto& key : append.holds) keys[key] = name;
        if (append.idempotency) records[record_name(*append.idempotency)] = *append.idempotency;
        if (append.snapshot) snapshots[name] = *append.snapshot;
        now += std::chrono::seconds(1);
        for (const auto& one : append.events) {
            Event event;
            event.id = one.id;
            event.stream = stream_of(name);
            event.revision = Revision{++head.value};
            event.position = Position{++position};
            event.aggregate_type = append.aggregate_type;
            event.aggregate_id = append.aggregate_id;
            event.type = one.type;
            event.schema_version = one.schema_version;
            event.recorded_at = now;
            event.data = one.data;
            event.metadata = one.metadata;
            streams[name].push_back(event);
        }
        if (doubtful) called();
        return Appended{stream_of(name), head, Position{position}, now};
    }

    std::vector<std::optional<AppendOutcome>> append_group(const std::vector<const Append*>& group) override {
        ++groups;
        std::vector<std::optional<AppendOutcome>> outcomes;
        for (const auto* one : group)
            outcomes.push_back(locked.contains(one->aggregate_id) ? std::nullopt : std::optional(append(*one)));
        return outcomes;
    }

    std::optional<IdempotencyRecord> recorded(const std::string& caller, const std::string& route,
                                              const std::string& key) override {
        called();
        const auto found = records.find(record_name({caller, route, key, {}, 0, {}}));
        return found == records.end() ? std::nullopt : std::optional(found->second);
    }

    std::optional<std::string> holder(const std::string& type, const UniqueKey& key) override {
        called();
        const auto found = keys.find(key);
        if (found == keys.end() || !found->second.starts_with(type + "/")) return std::nullopt;
        return found->second.substr(type.size() + 1);
    }

    std::int64_t head(const std::string& id) const {
        const auto found = streams.find("account/" + id);
        return found == streams.end() ? 0 : found->second.back().revision.value;
    }

private:
    static std::string record_name(const IdempotencyRecord& record) {
        return record.caller + "|" + record.route + "|" + record.key;
    }
    StreamId stream_of(const std::string& name) {
        return StreamId{ids.try_emplace(name, static_cast<std::int64_t>(ids.size()) + 1).first->second};
    }
    void called() {
        ++calls;
        if (fault.due()) fault.raise();
    }

    std::map<std::string, std::int64_t> ids;  // of streams
    std::int64_t position = 0;
    Timestamp now{std::chrono::seconds(1'000'000)};
};

// open {name}, rename {name}, add {amount}, close, guard {password} (asks for a hash), enter {password} (asks
// whether it fits), twice {amount} (two events).
class AccountState final : public State {
public:
    Result<void> evolve(const Event& event) override {
        const auto data = boost::json::parse(event.data);
        if (event.type == "BROKEN") return failure("cannot fold this");
        if (event.type == "OPENED" || event.type == "RENAMED") name_ = data.at("name").as_string().c_str();
        if (event.type == "OPENED") open_ = true;
        if (event.type == "ADDED") balance_ += data.at("amount").as_int64();
        if (event.type == "GUARDED") hash_ = data.at("hash").as_string().c_str(), ++epoch_;
        if (event.type == "CLOSED") open_ = false;
        revision_ = event.revision.value;
        changed_at_us_ = event.recorded_at.time_since_epoch().count();
        return boost::outcome_v2::success();
    }
    Result<Decided> decide(const Command& command) const override {
        const auto data = boost::json::parse(command.data);
        const auto context = boost::json::parse(command.context);
        const auto& answers = context.at("answers").as_object();
        Decided decided;
        const auto emit = [&](const char* type, const boost::json::object& with) {
            decided.events.push_back({type, 1, boost::json::serialize(with)});
        };
        if (command.name == "fail") return failure("a defect in decide");
        if (command.name != "open" && !open_) {
            decided.rejections.push_back({RejectionKind::not_found, "exists", "", "There is no such account."});
        } else if (command.name == "open") {
            if (data.at("name").as_string().empty())
                decided.rejections.push_back({RejectionKind::invalid, "name_given", "name", "A name is needed."});
            emit("OPENED", {{"name", data.at("name")}});
            decided.counters.push_back({"open", 1, 0, "", ""});
        } else if (command.name == "rename") {
            if (data.at("name").as_string() != name_) emit("RENAMED", {{"name", data.at("name")}});
        } else if (command.name == "add" || command.name == "twice") {
            if (balance_ + data.at("amount").as_int64() < 0)
                decided.rejections.push_back(
                    {RejectionKind::rule, "not_below_zero", "amount", "Too little is left."});
            emit("ADDED", {{"amount", data.at("amount")}});
            if (command.name == "twice") emit("ADDED", {{"amount", data.at("amount")}});
        } else if (command.name == "close") {
            emit("CLOSED", {});
            if (data.as_object().contains("keep_one"))
                decided.counters.push_back({"open", -1, 1, "last_account", "One account stays."});
        } else if (command.name == "guard") {
            if (const auto* made = answers.if_contains("made"))
                emit("GUARDED", {{"hash", *made}});
            else
                decided.asks.push_back({"made", "password.hash", boost::json::serialize(data)});
        } else if (command.name == "enter") {
            const auto* fits = answers.if_contains("fits");
            if (!fits)
                decided.asks.push_back({"fits", "password.verify", hash_});
            else if (!fits->as_bool())
                decided.rejections.push_back(
                    {RejectionKind::unauthorized, "password", "password", "It does not fit."});
            else
                emit("ENTERED", {});
        } else if (command.name == "ask_forever") {
            decided.asks.push_back({"more", "password.hash", "{}"});
        }
        return decided;
    }
    Result<std::vector<UniqueKey>> unique_keys() const override {
        std::vector<UniqueKey> keys;
        if (open_) keys.push_back({"name", name_});
        return keys;
    }
    Result<std::map<std::string, std::int64_t>> counts() const override {
        std::map<std::string, std::int64_t> counts;
        if (open_) counts["open"] = 1;
        return counts;
    }
    Result<std::string> save() const override {
        return boost::json::serialize(boost::json::object{{"revision", revision_},
                                                          {"name", name_},
                                                          {"open", open_},
                                                          {"balance", balance_},
                                                          {"hash", hash_},
                                                          {"status", open_ ? "open" : "closed"},
                                                          {"epoch", epoch_},
                                                          {"changed_at_us", changed_at_us_}});
    }
    Result<void> load(const std::string& json) override {
        boost::system::error_code malformed;
        const auto saved = boost::json::parse(json, malformed);
        if (malformed) return failure("no JSON");
        revision_ = saved.at("revision").as_int64();
        name_ = saved.at("name").as_string().c_str();
        open_ = saved.at("open").as_bool();
        balance_ = saved.at("balance").as_int64();
        hash_ = saved.at("hash").as_string().c_str();
        epoch_ = saved.at("epoch").as_int64();
        changed_at_us_ = saved.at("changed_at_us").as_int64();
        return boost::outcome_v2::success();
    }

private:
    std::string name_, hash_;
    bool open_ = false;
    std::int64_t balance_ = 0;
    std::int64_t epoch_ = 0;
    std::int64_t revision_ = 0;
    std::int64_t changed_at_us_ = 0;  // the stored time: shows when a state was folded from guessed times
};

class Account final : public Aggregate {
public:
    Account() {
        description_.aggregate_type = "account";
        description_.kind = PluginKind::aggregate;
        description_.build = "build-1";
        description_.secret_state = {"hash"};
    }
    const Description& description() const override { return description_; }
    std::unique_ptr<State> state() const override { return std::make_unique<AccountState>(); }
    // Without the spaces around it.
    Result<std::string> lookup_key(const std::string&, const std::string& typed) const override {
        const auto first = typed.find_first_not_of(' ');
        if (first == std::string::npos) return boost::outcome_v2::success(std::string());
        return boost::outcome_v2::success(typed.substr(first, typed.find_last_not_of(' ') - first + 1));
    }

private:
    Description description_;
};

class NoUpcasts final : public Upcasts {
public:
    std::optional<std::string> upcast(Event&) const override { return std::nullopt; }
};

class MemoryHeads final : public Heads {
public:
    std::map<std::string, Revision> heads;

    Revision newest(const std::string& type, const std::string& id) override { return heads[type + "/" + id]; }
    void note(const std::string& type, const std::string& id, Revision head) override {
        heads[type + "/" + id] = head;
    }
};

// Deterministic, and no secret: enough to tell requests apart.
class NotedCalls final : public Calls {
public:
    bool blocked(const Description&, const std::string& command) override {
        return blocked_commands.contains(command);
    }
    void begin(const Description&, const std::string& command) override {
        begun.push_back(command);
        ++open;
    }
    void end() override { --open; }

    std::set<std::string> blocked_commands;
    std::vector<std::string> begun;
    int open = 0;
};

class PlainMac final : public RequestMac {
public:
    std::string mac(std::string_view request) const override { return "mac of " + std::string(request); }
};

}  // namespace lantern::command::fakes
