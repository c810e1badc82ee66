// What a worker does, as log lines: what failed with event, revision and attempt; what it waits for and since when.
#pragma once

#include <string>

#include "host/telemetry/log.hpp"
#include "host/worker/ports.hpp"

namespace lantern::apps {

class WorkerWatch final : public worker::Watch {
public:
    explicit WorkerWatch(const telemetry::Log& log) : log_(log) {}

    void calling(const Event& event, int attempt) override;
    void returned() override;
    void applied(std::size_t events, std::size_t duplicates, std::size_t filled) override;
    void parked(const Event& event, const worker::StreamRow& row, const std::string& error) override;
    void malformed(const std::string& why) override;
    void waiting(const std::string& why) override;

private:
    const telemetry::Log& log_;
    std::string waiting_;
};

}  // namespace lantern::apps
