#include "host/apps/serve/worker_watch.hpp"

namespace lantern::apps {

void WorkerWatch::calling(const Event& event, int attempt) {
    if (!batch_began_) batch_began_ = std::chrono::steady_clock::now();
    slot_.calling(event, attempt);
}

void WorkerWatch::returned() {
    slot_.returned();
}

void WorkerWatch::applied(std::size_t events, std::size_t duplicates, std::size_t filled) {
    if (events + duplicates == 0) return;
    telemetry::Tally::Batch batch{events, duplicates, filled, {}};
    if (batch_began_)
        batch.took =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - *batch_began_);
    batch_began_.reset();
    tally_.committed(batch);
    log_.debug("applied", {{"events", events}, {"duplicates", duplicates}, {"filled", filled}});
}

void WorkerWatch::parked(const Event& event, const worker::StreamRow& row, const std::string& error) {
    const bool dead = row.state == worker::StreamState::dead;
    tally_.failed(dead ? telemetry::Tally::Parked::dead : telemetry::Tally::Parked::retrying);
    log_.write(dead ? telemetry::Level::error : telemetry::Level::warn,
               dead ? "parked as dead" : "parked as retrying",
               {{"event", event.id.text()},
                {"type", event.type},
                {"stream", event.aggregate_type + "/" + event.aggregate_id},
                {"revision", event.revision.value},
                {"attempt", row.attempts},
                {"next_attempt", row.next_attempt_at ? iso8601(*row.next_attempt_at) : ""},
                {"error", error}});
}

void WorkerWatch::malformed(const std::string& why) {
    tally_.malformed();
    log_.error("a message that is no event was dropped", {{"error", why}});
}

void WorkerWatch::waiting(const std::string& why) {
    tally_.waits(!why.empty());
    if (why == waiting_) return;
    if (why.empty()) {
        log_.info("goes on");
    } else {
        log_.warn("waits", {{"for", why}});
    }
    waiting_ = why;
}

}  // namespace lantern::apps
