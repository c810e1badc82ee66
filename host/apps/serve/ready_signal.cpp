#include "host/apps/serve/ready_signal.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>

#include "host/core/fault.hpp"

namespace lantern::apps {

ReadySignal::ReadySignal() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw Fault(FaultKind::outage, "host", "no descriptor left for a member");
}

ReadySignal::~ReadySignal() {
    ::close(descriptor_);
}

bool ReadySignal::given() const {
    pollfd wanted{descriptor_, POLLIN, 0};
    return poll(&wanted, 1, 0) > 0;
}

void ReadySignal::give() {
    if (const char* descriptor = std::getenv(kVariable)) eventfd_write(std::atoi(descriptor), 1);
}

}  // namespace lantern::apps
