#include "host/processes/stop_request.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "host/core/fault.hpp"

namespace lantern::processes {
namespace {

void watch(int epoll, int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLHUP;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
        throw Fault(FaultKind::configuration, "processes",
                    "cannot watch descriptor " + std::to_string(descriptor) + ": " + std::strerror(errno));
}

}  // namespace

StopRequest::StopRequest() {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll_, signals_);
    if (const char* lifeline = std::getenv("LANTERN_LIFELINE")) {
        const int descriptor = std::atoi(lifeline);
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        watch(epoll_, descriptor);
    }
}

StopRequest::~StopRequest() {
    ::close(epoll_);
    ::close(signals_);
}

bool StopRequest::wait(std::chrono::milliseconds wait) const {
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd wanted{epoll_, POLLIN, 0};
        const int ready = poll(&wanted, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready >= 0 || errno != EINTR) return ready > 0;
    }
}

}  // namespace lantern::processes
