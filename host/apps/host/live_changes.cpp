#include "host/apps/host/live_changes.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "host/core/fault.hpp"

namespace lantern::apps {

LiveChanges::LiveChanges(std::unique_ptr<Reconciler> reconciler, telemetry::Log log)
    : reconciler_(std::move(reconciler)),
      log_(std::move(log)),
      news_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      ends_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

LiveChanges::~LiveChanges() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    eventfd_write(ends_, 1);
    thread_.join();
    ::close(news_);
    ::close(ends_);
}

std::optional<Target> LiveChanges::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    eventfd_read(news_, &count);
    return std::exchange(next_, std::nullopt);
}

void LiveChanges::report(Reconciler::Problems problems) {
    const std::lock_guard lock(mutex_);
    reported_ = std::move(problems);
}

void LiveChanges::run() {
    std::string trouble;
    for (;;) {
        reconciler_->wait(ends_);
        {
            const std::lock_guard lock(mutex_);
            if (end_) return;
            reconciler_->report(reported_);
        }
        try {
            auto target = reconciler_->look();
            trouble.clear();
            if (!target) continue;
            const std::lock_guard lock(mutex_);
            next_ = std::move(target);
            eventfd_write(news_, 1);
        } catch (const Fault& fault) {
            if (trouble != fault.what()) log_.warn("changes wait", {{"for", fault.what()}});
            trouble = fault.what();
        }
    }
}

}  // namespace lantern::apps
