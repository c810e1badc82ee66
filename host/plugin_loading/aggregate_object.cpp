#include <algorithm>
#include <boost/json.hpp>

#include "host/core/assert.hpp"
#include "host/plugin_loading/abi_event.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/objects.hpp"

namespace lantern::plugin_loading {
namespace {

bool is_json_object(std::string_view text) {
    boost::system::error_code code;
    unsigned char buffer[4096];
    boost::json::monotonic_resource memory(buffer);
    const auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), code, &memory);
    return !code && value.is_object();
}

// What decide calls back with. Nothing may be thrown through the plugin, so the first trouble is kept as text.
class DecisionBridge {
public:
    explicit DecisionBridge(const Description& description) : description_(description) {
        abi_ = {sizeof abi_, this, emit, reject, ask, count};
    }
    DecisionBridge(const DecisionBridge&) = delete;
    DecisionBridge& operator=(const DecisionBridge&) = delete;

    const lantern_decision* abi() const { return &abi_; }
    const std::string& defect() const { return defect_; }
    command::Decided& decided() { return decided_; }

private:
    template <class Step>
    void guarded(Step&& step) noexcept {
        if (!defect_.empty()) return;
        try {
            step();
        } catch (...) {
            defect_ = "out of memory";
        }
    }

    static void emit(void* context, lantern_str type, std::int64_t schema_version, lantern_str data) {
        auto& self = *static_cast<DecisionBridge*>(context);
        self.guarded([&] {
            const std::string name(view(type));
            const auto known = self.description_.events.find(name);
            if (known == self.description_.events.end()) {
                self.defect_ = "emitted " + message_text(name) + ", which its description does not name";
            } else if (schema_version < 1 || schema_version > known->second) {
                self.defect_ = "emitted " + name + " in schema version " + std::to_string(schema_version) +
                               ", its description says at most " + std::to_string(known->second);
            } else if (!is_json_object(view(data)) || !is_storable(view(data))) {
                self.defect_ = "emitted " + name + " with data that is no JSON object";
            } else {
                self.decided_.events.push_back({name, static_cast<int>(schema_version), std::string(view(data))});
            }
        });
    }

    static void reject(void* context, std::int32_t rejection, lantern_str rule, lantern_str field,
                       lantern_str message) {
        auto& self = *static_cast<DecisionBridge*>(context);
        self.guarded([&] {
            if (rejection < LANTERN_INVALID || rejection > LANTERN_RULE) {
                self.defect_ = "rejected with kind " + std::to_string(rejection) + ", which abi.h does not know";
                return;
            }
            self.decided_.rejections.push_back({static_cast<command::RejectionKind>(rejection - LANTERN_INVALID),
                                                message_text(view(rule)), message_text(view(field)),
                                                message_text(view(message))});
        });
    }

    static void ask(void* context, lantern_str name, lantern_str service, lantern_str argument) {
        auto& self = *static_cast<DecisionBridge*>(context);
        self.guarded([&] {
            self.decided_.asks.push_back(
                {std::string(view(name)), std::string(view(service)), std::string(view(argument))});
        });
    }

    static void count(void* context, lantern_str name, std::int64_t delta, std::int64_t minimum, lantern_str rule,
                      lantern_str message) {
        auto& self = *static_cast<DecisionBridge*>(context);
        self.guarded([&] {
            command::CounterMove move{std::string(view(name)), delta, minimum, message_text(view(rule)),
                                      message_text(view(message))};
            const bool twice = std::any_of(self.decided_.counters.begin(), self.decided_.counters.end(),
                                           [&](const auto& other) { return other.name == move.name; });
            if (move.name.empty() || !is_storable(move.name)) {
                self.defect_ = "moved a counter without a name that can be stored";
            } else if (twice) {
                self.defect_ = "moved the counter " + message_text(move.name) + " twice";
            } else {
                self.decided_.counters.push_back(std::move(move));
            }
        });
    }

    const Description& description_;
    lantern_decision abi_{};
    command::Decided decided_;
    std::string defect_;
};

void hold_key(void* context, lantern_str scope, lantern_str key) noexcept {
    static_cast<std::vector<command::UniqueKey>*>(context)->push_back(
        {std::string(view(scope)), std::string(view(key))});
}

void add_count(void* context, lantern_str counter, std::int64_t amount) noexcept {
    (*static_cast<std::map<std::string, std::int64_t>*>(context))[std::string(view(counter))] += amount;
}

class AggregateState final : public command::State {
public:
    explicit AggregateState(const Made& made)
        : made_(made), state_(call_plugin([&] { return made_.table->aggregate->state_new(); })) {
        LANTERN_ASSERT(state_ != nullptr, "state_new of a plugin answered null");
    }
    AggregateState(const AggregateState&) = delete;
    AggregateState& operator=(const AggregateState&) = delete;
    ~AggregateState() override {
        call_plugin([&] { part().state_free(state_); });
    }

    Result<void> evolve(const Event& event) override {
        TextSink error;
        const lantern_sink sink = error.abi();
        const lantern_event* seen = event_.of(event);
        if (call_plugin([&] { return part().evolve(state_, seen, &sink); }) != 0) {
            return failure(
                defect("evolve of " + event.type + " at revision " + std::to_string(event.revision.value), error));
        }
        return boost::outcome_v2::success();
    }

    Result<command::Decided> decide(const command::Command& command) const override {
        const lantern_command told{sizeof told, borrow(command.name), borrow(command.aggregate_id),
                                   borrow(command.data), borrow(command.context)};
        DecisionBridge bridge(made_.library->description());
        TextSink error;
        const lantern_sink sink = error.abi();
        if (call_plugin([&] { return part().decide(state_, &told, bridge.abi(), &sink); }) != 0) {
            return failure(defect("decide of " + command.name, error));
        }
        if (!bridge.defect().empty()) {
            return failure(defect("decide of " + command.name, {bridge.defect(), false}));
        }
        return std::move(bridge.decided());
    }

    Result<std::vector<command::UniqueKey>> unique_keys() const override {
        std::vector<command::UniqueKey> keys;
        if (!part().unique_keys) return keys;
        TextSink error;
        const lantern_sink sink = error.abi();
        const lantern_unique_keys told{sizeof told, &keys, hold_key};
        if (call_plugin([&] { return part().unique_keys(state_, &told, &sink); }) != 0) {
            return failure(defect("unique_keys", error));
        }
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        return keys;
    }

    Result<std::map<std::string, std::int64_t>> counts() const override {
        std::map<std::string, std::int64_t> counts;
        if (part().size <= offsetof(lantern_aggregate, counts) || !part().counts) return counts;
        TextSink error;
        const lantern_sink sink = error.abi();
        const lantern_counts told{sizeof told, &counts, add_count};
        if (call_plugin([&] { return part().counts(state_, &told, &sink); }) != 0)
            return failure(defect("counts", error));
        return counts;
    }

    Result<std::string> save() const override {
        TextSink saved;
        const lantern_sink sink = saved.abi();
        if (call_plugin([&] { return part().state_save(state_, &sink); }) != 0 || saved.overflowed) {
            return failure(defect("state_save", {}));
        }
        if (!is_json_object(saved.text))
            return failure(defect("state_save", {"the text is no JSON object", false}));
        return boost::outcome_v2::success(std::move(saved.text));
    }

    Result<void> load(const std::string& json) override {
        if (call_plugin([&] { return part().state_load(state_, borrow(json)); }) != 0) {
            return failure(defect("state_load", {"the text is not of this build's state", false}));
        }
        return boost::outcome_v2::success();
    }

private:
    const lantern_aggregate& part() const { return *made_.table->aggregate; }
    std::string defect(const std::string& where, const TextSink& error) const {
        const auto& description = made_.library->description();
        return description.name + " " + description.version + ": " + where +
               " failed: " + (error.text.empty() ? "no reason given" : message_text(error.text));
    }

    const Made made_;
    void* const state_;
    AbiEvent event_;
};

class AggregatePlugin final : public command::Aggregate {
public:
    explicit AggregatePlugin(Made made) : made_(std::move(made)) {}

    const Description& description() const override { return made_.library->description(); }
    std::unique_ptr<command::State> state() const override { return std::make_unique<AggregateState>(made_); }
    Result<std::string> lookup_key(const std::string& scope, const std::string& typed) const override {
        const auto& part = *made_.table->aggregate;
        if (part.size <= offsetof(lantern_aggregate, lookup_key) || !part.lookup_key)
            return boost::outcome_v2::success(typed);
        TextSink key;
        const lantern_sink sink = key.abi();
        if (call_plugin([&] { return part.lookup_key(borrow(scope), borrow(typed), &sink); }) != 0)
            return failure(description().name + ": lookup_key of " + scope + " failed");
        return boost::outcome_v2::success(std::move(key.text));
    }

private:
    const Made made_;
};

}  // namespace

std::shared_ptr<const command::Aggregate> aggregate_of(Made made) {
    return std::make_shared<const AggregatePlugin>(std::move(made));
}

}  // namespace lantern::plugin_loading
