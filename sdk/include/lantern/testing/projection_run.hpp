// A projection fed by hand, with the delivery rules of the real worker: a checkpoint for each stream drops
// duplicates, a failing event parks its stream, a batch that does not commit leaves nothing behind and costs the
// object its life.
#pragma once

#include <lantern/testing/events.hpp>
#include <lantern/testing/object.hpp>
#include <lantern/testing/tables.hpp>

namespace lantern::testing {

class ProjectionRun {
public:
    explicit ProjectionRun(const lantern_plugin_v1& plugin, std::string settings = "{}")
        : plugin_(plugin), shape_(shape_of(plugin)), object_(plugin, std::move(settings)), tables_(shape_.tables) {
        if (shape_.kind != "projection") throw Failure(shape_.name + " is no projection");
    }

    enum class Delivered { handled, duplicate, parked, unrouted };
    struct Result {
        Delivered how = Delivered::handled;
        Answer answer;  // when handled
    };

    // Events of one stream come in revision order, each also again. Part of the open batch until commit().
    Result deliver(const GivenEvent& given) {
        const auto declared = shape_.events.find(given.type);
        if (declared == shape_.events.end()) return {Delivered::unrouted, {}};
        if (declared->second != given.schema_version)
            throw Failure(given.type + " was given in schema version " + std::to_string(given.schema_version) +
                          ", the plugin declares " + std::to_string(declared->second) +
                          " and is given only that one");
        std::int64_t& checkpoint = open_.try_emplace(given.stream_id, committed_[given.stream_id]).first->second;
        if (checkpoint == kParked) return {Delivered::parked, {}};
        if (given.revision <= checkpoint) return {Delivered::duplicate, {}};
        Result result{Delivered::handled, handle(given)};
        checkpoint = result.answer.advances() ? given.revision : kParked;
        return result;
    }
    void commit() {
        tables_.end_batch(Keep::yes);
        for (const auto& [stream, checkpoint] : open_) committed_[stream] = checkpoint;
        open_.clear();
    }
    void roll_back() {
        tables_.end_batch(Keep::no);
        open_.clear();
        renew();
    }
    void renew() { object_.renew(); }

    // As a rebuild begins, and a replay of the streams of one aggregate id (rows belong to an id, whatever its
    // type).
    void forget_all() {
        tables_.clear();
        committed_.clear();
        renew();
    }
    void forget_streams(const std::string& aggregate_id, const std::set<std::int64_t>& streams) {
        tables_.forget_rows_of(aggregate_id);
        for (std::int64_t stream : streams) committed_.erase(stream);
        renew();
    }

    const Tables& tables() const { return tables_; }
    const Shape& shape() const { return shape_; }

private:
    static constexpr std::int64_t kParked = -1;

    Answer handle(const GivenEvent& given) {
        const lantern_event event = given.abi();
        if (plugin_.projection->keys) {
            lantern_keys keys{};
            keys.size = sizeof keys;
            keys.want = [](void*, std::uint32_t, const lantern_value*, std::uint32_t) {};
            plugin_.projection->keys(object_.get(), &event, &keys);
        }
        lantern_outcome outcome{};
        outcome.size = sizeof outcome;
        tables_.begin_event(given.aggregate_id, given.position);
        plugin_.projection->handle(object_.get(), &event, &tables_.recorder(), &outcome);
        Answer answer = answer_of(outcome);
        if (!tables_.refused().empty()) answer = {LANTERN_RETRY, "refused: " + tables_.refused(), {}, 0};
        tables_.end_event(answer.advances() ? Keep::yes : Keep::no);
        return answer;
    }

    const lantern_plugin_v1& plugin_;
    const Shape shape_;
    Object object_;
    Tables tables_;
    std::map<std::int64_t, std::int64_t> committed_;  // stream -> checkpoint
    std::map<std::int64_t, std::int64_t> open_;       // of the open batch
};

}  // namespace lantern::testing
