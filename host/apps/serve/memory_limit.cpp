#include "host/apps/serve/memory_limit.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

// A sanitizer maps terabytes before main, which the kernel counts; what comes after is the program's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Bytes.
std::size_t writable_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string name; status >> name;) {
        std::size_t kilobytes = 0;
        if (name == "VmData:" && status >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

}  // namespace

void limit_memory(std::size_t bytes) {
    // Writable memory of its own, touched or not; shared mappings are the host's to watch (HostProcesses::watch).
    const rlim_t most = kSanitized ? bytes + writable_memory() : bytes;
    const rlimit limit{most, most};
    if (setrlimit(RLIMIT_DATA, &limit) == 0) return;
    throw Fault(
        FaultKind::configuration, "worker",
        "the kernel refuses a memory limit of " + std::to_string(bytes) + " bytes: " + std::strerror(errno));
}

}  // namespace lantern::apps
