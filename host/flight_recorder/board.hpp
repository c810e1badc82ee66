// The host's side of one process's flight recorder: makes the memory, hands it to the child, reads it while the
// child runs and after it died. What is read was written by a process that may have gone mad, so it is believed to
// be numbers and short printable text and nothing more.
#pragma once

#include <string>
#include <vector>

#include "host/flight_recorder/slot.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::flight_recorder {

class Board {
public:
    Board();  // Fault(outage) when there is no memory
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // To be handed to the child under the name kVariable.
    int descriptor() const { return descriptor_; }

    // Of the slots that were used. While the child runs, a call that changes meanwhile is read again.
    std::vector<supervise::Call> calls() const;

    // How the child ended itself, once it is dead.
    struct Ending {
        int signal = 0;         // 0: by none that its handler saw
        int thread = 0;         // 0: not known
        std::string backtrace;  // a line for each frame, newest first; functions by name where the file tells
    };
    Ending ending() const;

private:
    std::string trace() const;

    int descriptor_ = -1;
    const Page* page_ = nullptr;
};

}  // namespace lantern::flight_recorder
