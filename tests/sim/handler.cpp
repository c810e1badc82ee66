#include "tests/sim/handler.hpp"

namespace lantern::sim {
namespace {

// Appends each event to its thing's log, and counts its type.
class Log final : public worker::Projection {
public:
    explicit Log(Handler& handler) : handler_(handler) {}

    std::vector<worker::TableKey> keys(const Event& event) override { return {{0, {event.aggregate_id}}}; }
    Outcome handle(const Event& event, worker::Recorder& recorder) override {
        const Row* row = recorder.find(0, {event.aggregate_id});
        const std::string log = row == nullptr ? "" : std::get<std::string>(row->at(1));
        recorder.record({0, Verb::upsert, {event.aggregate_id}, {{1, log + event.data}}});
        recorder.record({1, Verb::add, {event.type}, {{1, std::int64_t{1}}}});
        recorder.record({1, Verb::greatest, {event.type}, {{2, event.revision.value}}});
        recorder.record({1, Verb::put_newest, {event.type}, {{3, event.position.value}}});
        return handler_.answer(event);
    }

private:
    Handler& handler_;
};

class Sender final : public worker::SideEffect {
public:
    Sender(Handler& handler, int worker) : handler_(handler), worker_(worker) {}

    Outcome act(const Event& event, const worker::Attempt& attempt) override {
        Outcome outcome = handler_.answer(event);
        handler_.acts.act(worker_, event, attempt.idempotency_key, outcome.advances());
        return outcome;
    }

private:
    Handler& handler_;
    const int worker_;
};

}  // namespace

Outcome Handler::answer(const Event& event) {
    Chance& chance = world_.chance;
    if (event.stream.value <= poisoned_up_to) return {Outcome::Kind::retry, "poisoned", {}, {}};
    const auto [at, fresh] = failures_left_.try_emplace(event.id, 0);
    if (fresh && chance.permille(100)) at->second = chance.between(1, 4);
    if (world_.quiet || at->second == 0) return {};
    --at->second;
    const std::chrono::milliseconds after{chance.permille(300) ? chance.between(1, 2000) : 0};
    const auto kind = chance.one_of(
        {Outcome::Kind::retry, Outcome::Kind::retry, Outcome::Kind::unavailable, Outcome::Kind::rejected});
    return {kind, "as the seed says", "elsewhere", after};
}

std::unique_ptr<worker::Projection> make_projection(Handler& handler) {
    return std::make_unique<Log>(handler);
}

std::unique_ptr<worker::SideEffect> make_side_effect(Handler& handler, int worker) {
    return std::make_unique<Sender>(handler, worker);
}

}  // namespace lantern::sim
