#include "host/apps/serve/memory_limit.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "host/core/fault.hpp"

namespace lantern::apps {

void limit_memory(std::size_t bytes) {
    // Writable memory of its own, touched or not; shared mappings are the host's to watch (HostProcesses::watch).
    const rlimit limit{bytes, bytes};
    if (setrlimit(RLIMIT_DATA, &limit) == 0) return;
    throw Fault(
        FaultKind::configuration, "worker",
        "the kernel refuses a memory limit of " + std::to_string(bytes) + " bytes: " + std::strerror(errno));
}

}  // namespace lantern::apps
