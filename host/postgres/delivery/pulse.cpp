#include "host/postgres/delivery/pulse.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kBeat = statement("worker_beat");
const Statement kJobBeat = statement("job_beat");

}  // namespace

Pulse::Pulse(std::string url, WorkerId worker, Of of)
    : url_(std::move(url)), worker_(worker), of_(of), periodic_(limits::kHeartbeatEvery, [this] { beat(); }) {}

void Pulse::beat() {
    try {
        if (!connection_)
            connection_ = std::make_unique<Connection>(Session{.url = url_, .application_name = "lantern pulse"});
        connection_->exec(of_ == Of::worker ? kBeat : kJobBeat, Params{}.add(worker_));
    } catch (const Fault&) {
        connection_.reset();  // the worker's own connection meets the same trouble, and says so
    }
}

}  // namespace lantern::postgres
