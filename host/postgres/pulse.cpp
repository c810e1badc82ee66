#include "host/postgres/pulse.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kBeat = statement("worker_beat");

}  // namespace

Pulse::Pulse(std::string url, WorkerId worker)
    : url_(std::move(url)), worker_(worker), periodic_(limits::kHeartbeatEvery, [this] { beat(); }) {}

void Pulse::beat() {
    try {
        if (!connection_)
            connection_ = std::make_unique<Connection>(Session{.url = url_, .application_name = "lantern pulse"});
        connection_->exec(kBeat, Params{}.add(worker_));
    } catch (const Fault&) {
        connection_.reset();  // the worker's own connection meets the same trouble, and says so
    }
}

}  // namespace lantern::postgres
