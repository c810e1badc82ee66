// What a worker does, as log lines: what failed with event, revision and attempt; what it waits for and since when.
// And as counts, for its host, and, before each call of the plugin, as what the flight recorder keeps.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "host/flight_recorder/recorder.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/tally.hpp"
#include "host/worker/ports.hpp"

namespace lantern::apps {

class WorkerWatch final : public worker::Watch {
public:
    WorkerWatch(const telemetry::Log& log, flight_recorder::Slot& slot) : log_(log), slot_(slot) {}

    void calling(const Event& event, int attempt) override;
    void returned() override;
    void alone() override { slot_.stay_charged(); }
    void in_company() override { slot_.release(); }
    void applied(std::size_t events, std::size_t duplicates, std::size_t filled) override;
    void parked(const Event& event, const worker::StreamRow& row, const std::string& error) override;
    void malformed(const std::string& why) override;
    void waiting(const std::string& why) override;

    // A turn of the worker's loop.
    void turned() { tally_.turned(); }

private:
    const telemetry::Log& log_;
    flight_recorder::Slot& slot_;
    telemetry::Tally tally_;
    std::string waiting_;
    std::optional<std::chrono::steady_clock::time_point> batch_began_;  // first call since the last commit
};

}  // namespace lantern::apps
