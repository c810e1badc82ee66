#include "host/apps/serve/watched_aggregates.hpp"

#include <optional>

#include "host/core/limits.hpp"

namespace lantern::apps {
namespace {

class Inside {
public:
    Inside(WatchedCalls& calls, const Description& plugin) : calls_(calls) { calls_.enter(plugin); }
    ~Inside() { calls_.leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    WatchedCalls& calls_;
};

class WatchedState final : public command::State {
public:
    WatchedState(std::unique_ptr<command::State> state, WatchedCalls& calls, const Description& plugin)
        : state_(std::move(state)), calls_(calls), plugin_(plugin) {}

    Result<void> evolve(const Event& event) override {
        const Inside inside(calls_, plugin_);
        return state_->evolve(event);
    }
    Result<command::Decided> decide(const command::Command& command) const override {
        const Inside inside(calls_, plugin_);
        return state_->decide(command);
    }
    Result<std::vector<command::UniqueKey>> unique_keys() const override {
        const Inside inside(calls_, plugin_);
        return state_->unique_keys();
    }
    Result<std::map<std::string, std::int64_t>> counts() const override {
        const Inside inside(calls_, plugin_);
        return state_->counts();
    }
    Result<std::string> save() const override {
        const Inside inside(calls_, plugin_);
        return state_->save();
    }
    Result<void> load(const std::string& json) override {
        const Inside inside(calls_, plugin_);
        return state_->load(json);
    }

private:
    const std::unique_ptr<command::State> state_;
    WatchedCalls& calls_;
    const Description& plugin_;
};

class WatchedAggregate final : public command::Aggregate {
public:
    WatchedAggregate(std::shared_ptr<const command::Aggregate> aggregate, WatchedCalls& calls)
        : aggregate_(std::move(aggregate)), calls_(calls) {}

    const Description& description() const override { return aggregate_->description(); }
    std::unique_ptr<command::State> state() const override {
        const Inside inside(calls_, description());
        return std::make_unique<WatchedState>(aggregate_->state(), calls_, description());
    }
    Result<std::string> lookup_key(const std::string& scope, const std::string& typed) const override {
        const Inside inside(calls_, description());
        return aggregate_->lookup_key(scope, typed);
    }

private:
    const std::shared_ptr<const command::Aggregate> aggregate_;
    WatchedCalls& calls_;
};

class WatchedUpcasts final : public command::Upcasts {
public:
    WatchedUpcasts(std::shared_ptr<const command::Upcasts> upcasts,
                   std::shared_ptr<const command::Aggregate> towards, WatchedCalls& calls)
        : upcasts_(std::move(upcasts)), towards_(std::move(towards)), calls_(calls) {}

    std::optional<std::string> upcast(Event& event) const override {
        const Inside inside(calls_, towards_->description());
        return upcasts_->upcast(event);
    }

private:
    const std::shared_ptr<const command::Upcasts> upcasts_;
    const std::shared_ptr<const command::Aggregate> towards_;
    WatchedCalls& calls_;
};

}  // namespace

// What a thread that calls plugins has: its slot, and a stack on which it can die.
struct WatchedCalls::Thread {
    explicit Thread(flight_recorder::Slot own) : slot(own) {}

    flight_recorder::Slot slot;
    flight_recorder::CrashStack stack;
    const Description* plugin = nullptr;  // the slot's subject
    bool in_command = false;
};

WatchedCalls::Thread& WatchedCalls::thread() {
    // One WatchedCalls in a process.
    thread_local std::optional<Thread> own;
    if (!own) own.emplace(recorder_.slot(threads_.fetch_add(1) % flight_recorder::kSlotsMax));
    return *own;
}

bool WatchedCalls::blocked(const Description& plugin, const std::string& command) {
    return blocked_.contains(plugin.aggregate_type, plugin.build, command);
}

void WatchedCalls::begin(const Description& plugin, const std::string& command) {
    auto& own = thread();
    if (own.plugin != &plugin)
        own.slot.belongs_to({plugin.aggregate_type, plugin.build, limits::kCommandTimeLimit, 0});
    own.plugin = &plugin;
    own.in_command = true;
    own.slot.begins(command);
}

void WatchedCalls::end() {
    thread().in_command = false;
}

void WatchedCalls::enter(const Description& plugin) {
    auto& own = thread();
    if (!own.in_command) {
        begin(plugin, "");
        own.in_command = false;
    }
    own.slot.goes_in();
}

void WatchedCalls::leave() {
    thread().slot.returned();
}

command::LoadedAggregate watched(command::LoadedAggregate loaded, WatchedCalls& calls) {
    loaded.upcasts = std::make_shared<WatchedUpcasts>(std::move(loaded.upcasts), loaded.aggregate, calls);
    loaded.aggregate = std::make_shared<WatchedAggregate>(std::move(loaded.aggregate), calls);
    return loaded;
}

}  // namespace lantern::apps
