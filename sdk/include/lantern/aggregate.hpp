// An aggregate decides: state + command -> events or a rejection. Everything is static and pure, called from
// several threads at once; time, fresh ids and the actor come with the command, a password hash is asked for by
// data.
//
//     class Account : public lantern::Aggregate {
//     public:
//         struct State { ... };
//         static lantern::Description describe();
//         static void evolve(State& state, const lantern::Event& event);
//         static void decide(const State& state, const lantern::Command& command, lantern::Decision& decision);
//         static void unique_keys(const State& state, lantern::UniqueKeys& keys);
//         static lantern::json::object save(const State& state);
//         static void load(State& state, const lantern::json::object& saved);   // throws: the snapshot is ignored
//         // may be left out: the key that a state would hold for what a person typed
//         static std::string lookup_key(std::string_view scope, std::string_view typed);
//         // may be left out: what the state contributes to the counters that decide moves
//         static void counts(const State& state, lantern::Counts& counts);
//     };
//     LANTERN_PLUGIN(Account)
#pragma once

#include <lantern/border.hpp>
#include <lantern/event.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Aggregate {
public:
    static constexpr lantern_kind kKind = LANTERN_KIND_AGGREGATE;
    static constexpr std::string_view kKindName = "aggregate";
};

// The command in hand, valid until decide returns.
class Command {
public:
    explicit Command(const lantern_command& abi)
        : abi_(abi), data_(parse_object(view(abi.data))), context_(parse_object(view(abi.context))) {}
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    std::string_view name() const { return view(abi_.name); }
    std::string_view aggregate_id() const { return view(abi_.aggregate_id); }
    const json::object& data() const { return data_; }  // the request's body
    const json::object& context() const { return context_; }

    Time time() const { return time_of(find_integer(context_, "time_us").value_or(0)); }
    const json::object& settings() const { return object_of(context_, "settings"); }
    std::string_view fresh_id(std::size_t n = 0) const {
        const json::value* ids = find(context_, "ids");
        if (!ids || !ids->is_array() || n >= ids->as_array().size()) throw std::out_of_range("no fresh id left");
        return from_json(ids->as_array()[n].as_string());
    }

    std::string_view actor_id() const { return find_text(object_of(context_, "actor"), "id").value_or(""); }
    bool actor_has_scope(std::string_view scope) const {
        const json::value* scopes = find(object_of(context_, "actor"), "scopes");
        if (!scopes || !scopes->is_array()) return false;
        for (const json::value& one : scopes->as_array())
            if (one.is_string() && from_json(one.as_string()) == scope) return true;
        return false;
    }

    // What was asked for under this name; nullptr: not yet answered.
    const json::value* answer(std::string_view name) const { return find(object_of(context_, "answers"), name); }

private:
    static const json::object& object_of(const json::object& in, std::string_view field) {
        static const json::object kEmpty;
        const json::value* found = find(in, field);
        return found && found->is_object() ? found->as_object() : kEmpty;
    }

    const lantern_command& abi_;
    json::object data_;
    json::object context_;
};

// Emit, reject, ask, or nothing ("no change needed"). Several rejections may be given, one per field; any of them
// discards what was emitted. When something is asked for and nothing rejected, decide is called again with the
// answer.
class Decision {
public:
    explicit Decision(const lantern_decision& abi) : abi_(abi) {}

    void emit(std::string_view type, int schema_version, const json::object& data) {
        const std::string text = json::serialize(data);
        abi_.emit(abi_.context, borrow(type), schema_version, borrow(text));
    }

    void invalid(std::string_view field, std::string_view message) {
        reject(LANTERN_INVALID, "valid_" + std::string(field), message, field);
    }
    void unauthorized(std::string_view rule, std::string_view message, std::string_view field = {}) {
        reject(LANTERN_UNAUTHORIZED, rule, message, field);
    }
    void forbidden(std::string_view rule, std::string_view message, std::string_view field = {}) {
        reject(LANTERN_FORBIDDEN, rule, message, field);
    }
    void not_found(std::string_view rule, std::string_view message) {
        reject(LANTERN_NOT_FOUND, rule, message, {});
    }
    void conflict(std::string_view rule, std::string_view message, std::string_view field = {}) {
        reject(LANTERN_CONFLICT, rule, message, field);
    }
    void rule(std::string_view rule, std::string_view message, std::string_view field = {}) {
        reject(LANTERN_RULE, rule, message, field);
    }
    bool rejected() const { return rejected_; }

    // Services: abi.h names them.
    void ask(std::string_view name, std::string_view service, const json::object& argument) {
        const std::string text = json::serialize(argument);
        abi_.ask(abi_.context, borrow(name), borrow(service), borrow(text));
    }

    // Moves a counter that all streams share, together with the events. If it would fall below the minimum, nothing
    // is appended and the command is rejected with this rule and message.
    struct Bound {
        std::int64_t minimum;
        std::string_view rule, message;
    };
    void count(std::string_view counter, std::int64_t delta, const Bound& bound) {
        if (abi_.size < sizeof(lantern_decision)) throw std::runtime_error("this Lantern has no bounded counters");
        abi_.count(abi_.context, borrow(counter), delta, bound.minimum, borrow(bound.rule), borrow(bound.message));
    }

private:
    void reject(lantern_rejection kind, std::string_view rule, std::string_view message, std::string_view field) {
        rejected_ = true;
        abi_.reject(abi_.context, kind, borrow(rule), borrow(field), borrow(message));
    }

    const lantern_decision& abi_;
    bool rejected_ = false;
};

// The keys that a state holds, unique within their scope over all streams.
class UniqueKeys {
public:
    explicit UniqueKeys(const lantern_unique_keys& abi) : abi_(abi) {}
    void hold(std::string_view scope, std::string_view key) { abi_.hold(abi_.context, borrow(scope), borrow(key)); }

private:
    const lantern_unique_keys& abi_;
};

// What a state contributes to the counters that all streams share. Must move as decide counts.
class Counts {
public:
    explicit Counts(const lantern_counts& abi) : abi_(abi) {}
    void add(std::string_view counter, std::int64_t amount) { abi_.add(abi_.context, borrow(counter), amount); }

private:
    const lantern_counts& abi_;
};

namespace border {

template <class Plugin>
struct AggregateBorder {
    using State = typename Plugin::State;

    static void* state_new() noexcept {
        try {
            return new State();
        } catch (...) {
            return nullptr;
        }
    }
    static void state_free(void* state) noexcept { delete static_cast<State*>(state); }
    static std::int32_t evolve(void* state, const lantern_event* event, const lantern_sink* error) noexcept {
        return guarded(error, [&] { Plugin::evolve(*static_cast<State*>(state), Event(*event)); });
    }
    static std::int32_t decide(const void* state, const lantern_command* command, const lantern_decision* decision,
                               const lantern_sink* error) noexcept {
        return guarded(error, [&] {
            Decision out(*decision);
            Plugin::decide(*static_cast<const State*>(state), Command(*command), out);
        });
    }
    static std::int32_t unique_keys(const void* state, const lantern_unique_keys* keys,
                                    const lantern_sink* error) noexcept {
        return guarded(error, [&] {
            UniqueKeys out(*keys);
            Plugin::unique_keys(*static_cast<const State*>(state), out);
        });
    }
    static std::int32_t state_save(const void* state, const lantern_sink* into) noexcept {
        return guarded(nullptr,
                       [&] { write(into, json::serialize(Plugin::save(*static_cast<const State*>(state)))); });
    }
    static std::int32_t lookup_key(lantern_str scope, lantern_str typed, const lantern_sink* key) noexcept {
        return guarded(nullptr, [&] {
            if constexpr (requires { Plugin::lookup_key(view(scope), view(typed)); })
                write(key, Plugin::lookup_key(view(scope), view(typed)));
            else
                write(key, view(typed));
        });
    }
    static std::int32_t counts(const void* state, const lantern_counts* counts,
                               const lantern_sink* error) noexcept {
        return guarded(error, [&] {
            if constexpr (requires(const State& of, Counts& out) { Plugin::counts(of, out); }) {
                Counts out(*counts);
                Plugin::counts(*static_cast<const State*>(state), out);
            }
        });
    }
    static std::int32_t state_load(void* state, lantern_str from) noexcept {
        return guarded(nullptr, [&] {
            State loaded;
            Plugin::load(loaded, parse_object(view(from)));
            *static_cast<State*>(state) = std::move(loaded);
        });
    }
};

template <class Plugin>
inline constexpr lantern_aggregate kAggregate{
    sizeof(lantern_aggregate),
    &AggregateBorder<Plugin>::state_new,
    &AggregateBorder<Plugin>::state_free,
    &AggregateBorder<Plugin>::evolve,
    &AggregateBorder<Plugin>::decide,
    &AggregateBorder<Plugin>::unique_keys,
    &AggregateBorder<Plugin>::state_save,
    &AggregateBorder<Plugin>::state_load,
    &AggregateBorder<Plugin>::lookup_key,
    &AggregateBorder<Plugin>::counts,
};

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern
