// Events of other producers into the store: one server function (sql/functions/intake.sql), one round trip.
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include "host/intake/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

class Arrivals final : public intake::Arrivals {
public:
    explicit Arrivals(const std::string& url);  // connects

    std::vector<bool> known(std::span<const intake::Arrival> events) override;
    // Fault in_doubt: it may have committed; the same events are known then.
    Result<std::vector<intake::Recorded>, intake::Refusal> append(const intake::Append& append) override;

private:
    Connection connection_;
};

}  // namespace lantern::postgres
