#include "host/apps/host/plugin_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace lantern::apps {
namespace {

constexpr int kQuietMs = 500;

}  // namespace

struct PluginOutput::Pipe {
    processes::Lines lines;
};

PluginOutput::PluginOutput(telemetry::Log log)
    : log_(std::move(log)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), thread_([this] { run(); }) {}

PluginOutput::~PluginOutput() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    eventfd_write(wake_, 1);
    thread_.join();
    for (const auto& [descriptor, pipe] : pipes_) ::close(descriptor);
    ::close(wake_);
}

void PluginOutput::read(int descriptor, telemetry::Fields fields) {
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    const telemetry::Log log = log_.with(std::move(fields));
    processes::Lines lines([log](std::string_view line) { log.info(line); },
                           [log](std::size_t lost) {
                               log.warn("prints too much: lines were dropped", {{"lines", lost}});
                           });
    {
        const std::lock_guard lock(mutex_);
        pipes_.try_emplace(descriptor, Pipe{std::move(lines)});
    }
    eventfd_write(wake_, 1);
}

void PluginOutput::run() {
    for (bool ending = false;;) {
        std::vector<pollfd> wanted{{wake_, POLLIN, 0}};
        int wait_ms = -1;
        {
            const std::lock_guard lock(mutex_);
            ending = end_;
            for (const auto& [descriptor, pipe] : pipes_) {
                wanted.push_back({descriptor, POLLIN, 0});
                if (pipe.lines.dropped_some()) wait_ms = kQuietMs;
            }
        }
        const int ready = poll(wanted.data(), wanted.size(), ending ? 0 : wait_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0 && !ending) say_dropped();
        if (ready <= 0 && ending) break;
        eventfd_t woken = 0;
        eventfd_read(wake_, &woken);
        for (std::size_t at = 1; at < wanted.size(); ++at) {
            if (wanted[at].revents == 0) continue;
            const std::lock_guard lock(mutex_);
            const auto pipe = pipes_.find(wanted[at].fd);
            if (take(pipe->first, pipe->second)) continue;
            ::close(pipe->first);
            pipes_.erase(pipe);
        }
    }
}

// Those that flooded are quiet for now.
void PluginOutput::say_dropped() {
    const std::lock_guard lock(mutex_);
    for (auto& [descriptor, pipe] : pipes_) pipe.lines.pause();
}

// A bounded part, so that all have their turn. False: it ended.
bool PluginOutput::take(int descriptor, Pipe& pipe) {
    char buffer[1 << 16];
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    const auto now = std::chrono::steady_clock::now();
    if (count > 0) pipe.lines.add({buffer, static_cast<std::size_t>(count)}, now);
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) return true;
    pipe.lines.finish(now);
    return false;
}

}  // namespace lantern::apps
