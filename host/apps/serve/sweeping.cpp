#include "host/apps/serve/sweeping.hpp"

#include <memory>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/postgres/delivery/sweep_ground.hpp"
#include "host/sweep/sweep.hpp"

namespace lantern::apps {

Sweeping::Sweeping(std::string postgres_url, telemetry::Log log)
    : postgres_url_(std::move(postgres_url)), log_(std::move(log)), thread_([this] { run(); }) {}

Sweeping::~Sweeping() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

void Sweeping::run() {
    struct Ground {
        explicit Ground(const std::string& url) : rows(url), sweep(rows) {}
        postgres::SweepGround rows;
        sweep::Sweep sweep;
    };
    std::unique_ptr<Ground> ground;
    std::string trouble;
    Milliseconds wait{0};
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, wait, [this] { return end_.load(); })) {
        lock.unlock();
        wait = limits::kSweepEvery;
        if (!leads_) ground.reset();
        try {
            if (leads_) {
                if (!ground) ground = std::make_unique<Ground>(postgres_url_);
                wait = ground->sweep.pass([this] { return end_ || !leads_; });
                trouble.clear();
            }
        } catch (const Fault& fault) {
            if (trouble != fault.what()) log_.warn("the sweep waits", {{"for", fault.what()}});
            trouble = fault.what();
        }
        lock.lock();
    }
}

}  // namespace lantern::apps
