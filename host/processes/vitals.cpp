#include "host/processes/vitals.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace lantern::processes {

Vitals vitals_of(pid_t pid) {
    Vitals vitals;
    const std::string place = "/proc/" + std::to_string(pid);
    std::string stat;
    std::getline(std::ifstream(place + "/stat"), stat);
    // The state follows the name, which may hold anything.
    if (const auto name_end = stat.rfind(')'); name_end != std::string::npos && name_end + 2 < stat.size()) {
        const char state = stat[name_end + 2];
        vitals.frozen = state == 'T' || state == 't';
        vitals.stopped = state == 'T';
    }
    std::size_t total = 0, resident = 0;
    if (std::ifstream(place + "/statm") >> total >> resident)
        vitals.resident_bytes = resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return vitals;
}

bool signal_thread(pid_t pid, int thread, int number) {
    return ::syscall(SYS_tgkill, pid, thread, number) == 0;
}

}  // namespace lantern::processes
