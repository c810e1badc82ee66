#include "host/apps/plugins/plugin_fixture.hpp"

// Of the SDK, which has words of its own for much that the host has: included here and nowhere else in the host.
#include <lantern/testing/events.hpp>

namespace lantern::apps {
namespace {

Result<Event> event_of(const testing::GivenEvent& from) {
    Event event;
    const auto id = Uuid::parse(from.id);
    if (!id) return failure("found the id \"" + from.id + "\", expected a UUID");
    event.id = *id;
    event.stream = StreamId{from.stream_id};
    event.revision = Revision{from.revision};
    event.position = Position{from.position};
    event.aggregate_type = from.aggregate_type;
    event.aggregate_id = from.aggregate_id;
    event.type = from.type;
    event.schema_version = static_cast<int>(from.schema_version);
    event.recorded_at = Timestamp{std::chrono::microseconds{from.time_us.value_or(0)}};
    event.data = from.data;
    event.metadata = from.metadata;
    return event;
}

}  // namespace

Result<std::vector<Event>> read_fixture(const std::filesystem::path& file) {
    std::vector<Event> events;
    try {
        testing::Numbering numbering;
        for (auto& given : testing::read_fixture(file.string())) {
            numbering.number(given);
            auto event = event_of(given);
            if (!event) return failure(file.string() + ": " + event.error());
            events.push_back(std::move(event.value()));
        }
    } catch (const std::exception& wrong) {
        return failure(std::string(wrong.what()));
    }
    return events;
}

}  // namespace lantern::apps
