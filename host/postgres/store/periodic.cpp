#include "host/postgres/store/periodic.hpp"

namespace lantern::postgres {

Periodic::Periodic(Milliseconds every, std::function<void()> act)
    : every_(every), act_(std::move(act)), thread_([this] { run(); }) {}

Periodic::~Periodic() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

void Periodic::run() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, every_, [this] { return end_; })) {
        lock.unlock();
        act_();
        lock.lock();
    }
}

}  // namespace lantern::postgres
