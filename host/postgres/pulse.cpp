#include "host/postgres/pulse.hpp"

#include <memory>

#include "host/core/limits.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kBeat = statement("worker_beat");

}  // namespace

Pulse::Pulse(std::string url, WorkerId worker)
    : url_(std::move(url)), worker_(worker), thread_([this] { beat(); }) {}

Pulse::~Pulse() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

void Pulse::beat() {
    std::unique_ptr<Connection> connection;
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, limits::kHeartbeatEvery, [this] { return end_; })) {
        lock.unlock();
        try {
            if (!connection)
                connection =
                    std::make_unique<Connection>(Session{.url = url_, .application_name = "lantern pulse"});
            connection->exec(kBeat, Params{}.add(worker_));
        } catch (const Fault&) {
            connection.reset();  // the worker's own connection meets the same trouble, and says so
        }
        lock.lock();
    }
}

}  // namespace lantern::postgres
