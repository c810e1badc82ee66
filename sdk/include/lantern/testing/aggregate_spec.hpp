// given events, when a command, then events or a rejection:
//
//     AggregateSpec(lantern_plugin)
//         .given(event("USER_CREATED", "user/1", R"({...})"))
//         .as("sarah")
//         .when("update", R"({"first_name": "Sally"})")
//         .then_emitted({{"USER_UPDATED", R"({"first_name": "Sally"})"}});
//
// What decide asks for is answered as by the host, with a fake hash: "password.hash" gives {"hash":
// "fake:<password>", "method": "fake"}; answer() overrides. Every `when` also decides twice, and from a state that
// was saved and loaded, and must come to the same.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <set>
#include <utility>

#include <lantern/testing/events.hpp>
#include <lantern/testing/failure.hpp>

namespace lantern::testing {

struct Emitted {
    std::string type;
    std::string data;
    std::int64_t schema_version = 0;  // 0: whichever
};

struct Rejected {
    lantern_rejection kind = LANTERN_RULE;
    std::string rule;
    std::string field;
    std::string message;
};

struct Counted {
    std::string counter;
    std::int64_t delta = 0;
    std::int64_t minimum = 0;
    std::string rule;
    std::string message;
};

class AggregateSpec {
public:
    explicit AggregateSpec(const lantern_plugin_v1& plugin, std::string_view settings = "{}")
        : aggregate_(*plugin.aggregate),
          shape_(shape_of(plugin)),
          settings_(parse_expected(settings).as_object()) {}

    template <class... Events>
    AggregateSpec& given(Events... events) {
        (history_.push_back(numbered(std::move(events), numbering_)), ...);
        return *this;
    }
    AggregateSpec& given(std::vector<GivenEvent> events) {
        for (GivenEvent& one : events) given(std::move(one));
        return *this;
    }
    AggregateSpec& as(std::string_view actor, std::initializer_list<std::string_view> scopes = {}) {
        json::array list;
        for (std::string_view scope : scopes) list.emplace_back(json::string(scope));
        actor_ = {{"id", json::string(actor)}, {"name", json::string(actor)}, {"scopes", std::move(list)}};
        return *this;
    }
    AggregateSpec& at(std::string_view time) {
        time_us_ = parse_time(time).value();
        return *this;
    }
    // Instead of the fake service's answer.
    AggregateSpec& answer(std::string_view name, std::string_view json_text) {
        fixed_answers_[std::string(name)] = parse_expected(json_text);
        return *this;
    }

    AggregateSpec& when(std::string_view command, std::string_view data = "{}") {
        const State folded = fold(history_);
        const Decision first = settle(folded, command, data);
        if (!(settle(folded, command, data) == first))
            throw Failure("decide is not pure: twice gave two decisions");
        const std::string saved = save(folded);
        const State loaded(aggregate_);
        if (aggregate_.state_load(loaded.get(), borrow(saved)) != 0) throw Failure("state_load refused " + saved);
        if (save(loaded) != saved) throw Failure("a loaded state saves otherwise: " + saved + "\n" + save(loaded));
        if (!(settle(loaded, command, data) == first)) throw Failure("a loaded state decides otherwise: " + saved);
        decision_ = first;
        if (!decision_.rejected.empty()) {
            decision_.emitted.clear();
            decision_.counted.clear();
        }
        after_ = history_;
        Numbering numbering = numbering_;
        for (const Emitted& one : decision_.emitted) {
            GivenEvent next = event(one.type, shape_.aggregate_type + "/" + id(), one.data);
            next.schema_version = one.schema_version;
            next.time_us = time_us_;
            after_.push_back(numbered(std::move(next), numbering));
        }
        check_counts(folded, fold(after_));
        return *this;
    }

    // Exactly these events, in this order, with exactly this data.
    AggregateSpec& then_emitted(std::vector<Emitted> expected) {
        if (!decision_.rejected.empty()) throw Failure("was rejected: " + text());
        bool same = expected.size() == decision_.emitted.size();
        for (std::size_t at = 0; same && at < expected.size(); ++at) {
            const Emitted& is = decision_.emitted[at];
            same = is.type == expected[at].type && parse_expected(is.data) == parse_expected(expected[at].data) &&
                   (expected[at].schema_version == 0 || is.schema_version == expected[at].schema_version);
        }
        if (!same) throw Failure("emitted otherwise: " + text());
        return *this;
    }
    AggregateSpec& then_nothing() { return then_emitted({}); }
    // Exactly these counters are moved, as "name+1>=0": delta and minimum.
    AggregateSpec& then_counted(std::set<std::string> expected) {
        std::set<std::string> moved;
        for (const Counted& one : decision_.counted) moved.insert(moved_text(one));
        if (moved != expected) throw Failure("counted otherwise: " + text());
        return *this;
    }
    // Rejected with this rule, or for this field.
    AggregateSpec& then_rejected(lantern_rejection kind, std::string_view rule_or_field) {
        for (const Rejected& one : decision_.rejected)
            if (one.kind == kind && (one.rule == rule_or_field || one.field == rule_or_field)) return *this;
        throw Failure("not rejected with " + std::string(rule_or_field) + ": " + text());
    }
    // The unique keys held afterwards, as "scope:key", in any order.
    AggregateSpec& then_keys(std::set<std::string> expected) {
        std::set<std::string> held;
        lantern_unique_keys keys{sizeof keys, &held, [](void* into, lantern_str scope, lantern_str key) {
                                     static_cast<std::set<std::string>*>(into)->insert(
                                         std::string(view(scope)) + ":" + std::string(view(key)));
                                 }};
        Collected error;
        const State state = fold(after_);
        if (aggregate_.unique_keys(state.get(), &keys, error.sink()) != 0)
            throw Failure("unique_keys failed: " + error.text());
        if (held != expected) {
            std::string all;
            for (const std::string& key : held) all += " " + key;
            throw Failure("holds the keys" + all);
        }
        return *this;
    }

    // For expectations of another kind.
    json::object state() const { return parse_expected(save(fold(after_))).as_object(); }
    const std::vector<Emitted>& emitted() const { return decision_.emitted; }
    const std::vector<Rejected>& rejected() const { return decision_.rejected; }

private:
    class State {
    public:
        explicit State(const lantern_aggregate& aggregate) : aggregate_(aggregate), state_(aggregate.state_new()) {}
        State(State&& other) noexcept
            : aggregate_(other.aggregate_), state_(std::exchange(other.state_, nullptr)) {}
        ~State() {
            if (state_) aggregate_.state_free(state_);
        }
        void* get() const { return state_; }

    private:
        const lantern_aggregate& aggregate_;
        void* state_;
    };
    struct Ask {
        std::string name, service, argument;
    };
    static std::string moved_text(const Counted& one) {
        return one.counter + (one.delta < 0 ? "" : "+") + std::to_string(one.delta) +
               ">=" + std::to_string(one.minimum);
    }
    struct Decision {
        std::vector<Emitted> emitted;
        std::vector<Rejected> rejected;
        std::vector<Ask> asked;
        std::vector<Counted> counted;

        std::string key() const {
            std::string out;
            for (const Emitted& one : emitted) out += one.type + std::to_string(one.schema_version) + one.data;
            for (const Rejected& one : rejected)
                out += "!" + std::to_string(one.kind) + one.rule + one.field + one.message;
            for (const Ask& one : asked) out += "?" + one.name + one.service + one.argument;
            for (const Counted& one : counted) out += moved_text(one);
            return out;
        }
        bool operator==(const Decision& other) const { return key() == other.key(); }
    };

    // Events of an import move counters by what their states contribute, so that has to move as decide counts.
    void check_counts(const State& before, const State& after) const {
        if (!has_counts()) return;
        std::map<std::string, std::int64_t> moved = counts(after);
        for (const auto& [counter, amount] : counts(before)) moved[counter] -= amount;
        for (const Counted& one : decision_.counted) moved[one.counter] -= one.delta;
        for (const auto& [counter, rest] : moved)
            if (rest != 0)
                throw Failure("the states' counts of " + counter + " differ from what decide counted by " +
                              std::to_string(rest));
    }
    bool has_counts() const {
        return aggregate_.size > offsetof(lantern_aggregate, counts) && aggregate_.counts != nullptr;
    }
    std::map<std::string, std::int64_t> counts(const State& state) const {
        std::map<std::string, std::int64_t> held;
        const lantern_counts told{
            sizeof told, &held, [](void* into, lantern_str counter, std::int64_t amount) {
                (*static_cast<std::map<std::string, std::int64_t>*>(into))[std::string(view(counter))] += amount;
            }};
        Collected error;
        if (aggregate_.counts(state.get(), &told, error.sink()) != 0)
            throw Failure("counts failed: " + error.text());
        return held;
    }

    GivenEvent numbered(GivenEvent event, Numbering& numbering) const {
        const auto declared = shape_.events.find(event.type);
        if (declared == shape_.events.end()) throw Failure("the plugin does not declare " + event.type);
        if (declared->second != event.schema_version)
            throw Failure(event.type + " is declared in schema version " + std::to_string(declared->second));
        numbering.number(event);
        return event;
    }
    std::string id() const { return history_.empty() ? "1" : history_.front().aggregate_id; }

    State fold(const std::vector<GivenEvent>& events) const {
        State state(aggregate_);
        for (const GivenEvent& given : events) {
            Collected error;
            const lantern_event event = given.abi();
            if (aggregate_.evolve(state.get(), &event, error.sink()) != 0)
                throw Failure("evolve of " + given.type + " failed: " + error.text());
        }
        return state;
    }
    std::string save(const State& state) const {
        Collected saved;
        if (aggregate_.state_save(state.get(), saved.sink()) != 0) throw Failure("state_save failed");
        return saved.text();
    }

    // Decides, answers what is asked, decides again.
    Decision settle(const State& state, std::string_view command, std::string_view data) const {
        json::object answers;
        for (int round = 0; round < 5; ++round) {
            Decision decision = decide(state, command, data, answers);
            if (decision.asked.empty() || !decision.rejected.empty()) return decision;
            for (const Ask& ask : decision.asked) answers[ask.name] = answered(ask);
        }
        throw Failure("decide asks without end");
    }

    Decision decide(const State& state, std::string_view name, std::string_view data,
                    const json::object& answers) const {
        json::array ids;
        for (char digit = '1'; digit <= '4'; ++digit)
            ids.emplace_back(json::string(std::string("01900000-0000-7000-9000-00000000000") + digit));
        const std::string context = json::serialize(json::object{{"time_us", time_us_.value_or(kDefaultTime)},
                                                                 {"actor", actor_},
                                                                 {"ids", std::move(ids)},
                                                                 {"correlation_id", "test"},
                                                                 {"settings", settings_},
                                                                 {"answers", answers}});
        const std::string aggregate_id = id();
        const lantern_command command{sizeof command, borrow(name), borrow(aggregate_id), borrow(data),
                                      borrow(context)};
        Decision out;
        const lantern_decision decision{sizeof decision, &out, &on_emit, &on_reject, &on_ask, &on_count};
        Collected error;
        if (aggregate_.decide(state.get(), &command, &decision, error.sink()) != 0)
            throw Failure("decide failed: " + error.text());
        return out;
    }

    static void on_emit(void* context, lantern_str type, std::int64_t version, lantern_str data) {
        static_cast<Decision*>(context)->emitted.push_back(
            {std::string(view(type)), std::string(view(data)), version});
    }
    static void on_reject(void* context, std::int32_t kind, lantern_str rule, lantern_str field,
                          lantern_str message) {
        static_cast<Decision*>(context)->rejected.push_back({static_cast<lantern_rejection>(kind),
                                                             std::string(view(rule)), std::string(view(field)),
                                                             std::string(view(message))});
    }
    static void on_ask(void* context, lantern_str name, lantern_str service, lantern_str argument) {
        static_cast<Decision*>(context)->asked.push_back(
            {std::string(view(name)), std::string(view(service)), std::string(view(argument))});
    }

    static void on_count(void* context, lantern_str name, std::int64_t delta, std::int64_t minimum,
                         lantern_str rule, lantern_str message) {
        static_cast<Decision*>(context)->counted.push_back(
            {std::string(view(name)), delta, minimum, std::string(view(rule)), std::string(view(message))});
    }

    json::value answered(const Ask& ask) const {
        if (const auto fixed = fixed_answers_.find(ask.name); fixed != fixed_answers_.end()) return fixed->second;
        const json::object argument = parse_expected(ask.argument).as_object();
        const std::string hash = "fake:" + std::string(view(argument.at("password").as_string()));
        if (ask.service == "password.hash") return json::object{{"hash", json::string(hash)}, {"method", "fake"}};
        if (ask.service == "password.verify") return argument.at("hash").as_string() == hash;
        throw Failure("no service is called " + ask.service);
    }

    std::string text() const {
        std::string out;
        for (const Emitted& one : decision_.emitted) out += "\n  " + one.type + " " + one.data;
        for (const Rejected& one : decision_.rejected)
            out += "\n  rejected: " + one.rule + " " + one.field + ": " + one.message;
        for (const Counted& one : decision_.counted) out += "\n  counted: " + moved_text(one);
        return out.empty() ? "nothing" : out;
    }

    static constexpr std::int64_t kDefaultTime = 1'767'225'600'000'000;

    const lantern_aggregate& aggregate_;
    const Shape shape_;
    const json::object settings_;
    json::object actor_{{"id", "tester"}, {"name", "tester"}, {"scopes", json::array()}};
    std::optional<std::int64_t> time_us_;  // nothing: 2026-01-01, and events a second apart
    std::map<std::string, json::value> fixed_answers_;
    Numbering numbering_;
    std::vector<GivenEvent> history_;
    Decision decision_;
    std::vector<GivenEvent> after_;
};

}  // namespace lantern::testing
