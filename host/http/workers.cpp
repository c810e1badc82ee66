#include "host/http/workers.hpp"

namespace lantern::http {

command::Store& Session::store() {
    if (!store_) store_ = adapters_.store();
    return *store_;
}

Reads& Session::reads() {
    if (!reads_) reads_ = adapters_.reads();
    return *reads_;
}

Admissions& Session::admissions() {
    if (!admissions_) admissions_ = adapters_.admissions();
    return *admissions_;
}

intake::Arrivals& Session::arrivals() {
    if (!arrivals_) arrivals_ = adapters_.arrivals();
    return *arrivals_;
}

Workers::Workers(int threads, Session::Adapters adapters) : adapters_(std::move(adapters)) {
    for (int n = 0; n < threads; ++n) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
    stop();
}

void Workers::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    ready_.clear();
    later_ = {};
}

void Workers::run(Job job) {
    {
        std::lock_guard lock(mutex_);
        ready_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void Workers::run_after(std::chrono::milliseconds delay, Job job) {
    {
        std::lock_guard lock(mutex_);
        later_.push({Steady::now() + delay, std::move(job)});
    }
    changed_.notify_one();
}

void Workers::work() {
    Session session(adapters_);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        while (!later_.empty() && later_.top().at <= Steady::now()) {
            ready_.push_back(later_.top().job);
            later_.pop();
        }
        if (!ready_.empty()) {
            auto job = std::move(ready_.front());
            ready_.pop_front();
            lock.unlock();
            job(session);
            job = nullptr;  // what it holds ends outside the lock
            lock.lock();
        } else if (later_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_until(lock, later_.top().at);
        }
    }
}

}  // namespace lantern::http
