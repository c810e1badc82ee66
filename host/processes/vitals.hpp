// What the kernel says of a running process.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace lantern::processes {

struct Vitals {
    bool frozen = false;             // stopped by a signal or a debugger
    bool stopped = false;            // by a signal: nobody looks at it
    std::size_t resident_bytes = 0;  // memory in use
};

// All zero for a process that is gone.
Vitals vitals_of(pid_t pid);

// A signal to one thread of a process. False: there is no such thread.
bool signal_thread(pid_t pid, int thread, int number);

}  // namespace lantern::processes
