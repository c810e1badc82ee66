// POST /v1/events/ (its path is a setting): events of other producers as CloudEvents, structured, binary or a
// batch.
//   201  all are in the store: {"event_id", "subject", "revision"}, of a batch {"events": [...]} in its order; ETag
//   is
//        the revision of the one stream that was written. With Idempotency-Replayed when all were there before
//   412  a stream is not at the revision that If-Match or an event's own attribute expects
#pragma once

#include "host/command/ports.hpp"
#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"
#include "host/intake/intake.hpp"

namespace lantern::http {

class Intakes {
public:
    // All of it outlives this.
    struct World {
        const intake::Intake* intake;  // nullptr: none are taken, and handle() is never called
        command::Announcer& announcer;
        Workers& workers;
        std::size_t body_bytes_max;
    };
    explicit Intakes(const World& world) : world_(world) {}

    void handle(const ExchangePtr& exchange);  // any thread

private:
    void take(Session& session, Exchange& exchange);
    Result<std::vector<intake::Recorded>, command::Problem> append(Session& session, const Exchange& exchange,
                                                                   intake::Contents contents);

    const World world_;
};

}  // namespace lantern::http
