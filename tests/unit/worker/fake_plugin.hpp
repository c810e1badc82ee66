// A projection with a script, and what stands around a plugin in the fake world.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/worker/ports.hpp"

namespace lantern::worker::fake {

// Appends each event's data to its aggregate's value; fails as the script says.
class Appender final : public Projection {
public:
    using Script = std::function<Outcome(const Event&)>;
    explicit Appender(Script script) : script_(std::move(script)) {}

    std::vector<TableKey> keys(const Event& event) override { return {{0, {event.aggregate_id}}}; }
    Outcome handle(const Event& event, Recorder& recorder) override {
        const Row* row = recorder.find(0, {event.aggregate_id});
        const std::string so_far = row == nullptr ? "" : std::get<std::string>(row->at(1));
        recorder.record({0, Verb::upsert, {event.aggregate_id}, {{1, so_far + event.data}}});
        return script_ ? script_(event) : Outcome{};
    }

private:
    Script script_;
};

class NoUpcasts final : public Upcasts {
public:
    std::optional<std::string> upcast(Event& event) override {
        if (event.schema_version > 1) return "waits for a build that understands version 2";
        return std::nullopt;
    }
};

class Notes final : public Watch {
public:
    void calling(const Event&, int) override {}
    void returned() override {}
    void applied(std::size_t, std::size_t duplicates_now, std::size_t filled_now) override {
        duplicates += duplicates_now;
        filled += filled_now;
    }
    void parked(const Event&, const StreamRow&, const std::string&) override { ++parks; }
    void malformed(const std::string&) override { ++malformed_messages; }
    void waiting(const std::string& why) override { waits_for = why; }
    std::string waits_for;
    std::size_t duplicates = 0, filled = 0;
    int parks = 0, malformed_messages = 0;
};

}  // namespace lantern::worker::fake
