// From the queue into the store. A message is acknowledged after its events were appended, or after it lies where
// refused messages are kept; one that is refused holds back no other. An outage, or an aggregate's plugin that is
// not there, acknowledges nothing: the same messages are tried again, and what was appended already is known.
//
// The order of messages of one stream is that of the queue, except that a refused one is left out.
#pragma once

#include <string>
#include <vector>

#include "host/intake/intake.hpp"
#include "host/intake/ports.hpp"

namespace lantern::intake {

// Why a message of more bytes is refused, as problem details.
command::Problem too_large(std::size_t bytes_max);

class Consuming {
public:
    // All of it outlives this. `name` is of the queue, and the actor of messages whose user the broker does not
    // know.
    struct World {
        const Intake& intake;
        Intake::Parts parts;
        Queue& queue;
        std::string name;
        std::size_t body_bytes_max;
    };
    explicit Consuming(World world) : world_(std::move(world)) {}

    struct Turn {
        std::size_t appended = 0, known = 0;  // events
        std::size_t refused = 0;              // messages
        std::string last_refusal;             // why; empty: none was
        std::string trouble;                  // not empty: nothing was acknowledged; try again after a while
    };
    // Takes what has arrived, waiting so long for the first message, and sees it through. Throws nothing of kind
    // Fault.
    Turn turn(Milliseconds wait);

private:
    struct Read;  // a message whose events can be appended

    void work_off(Turn& turn);
    std::vector<Read> read(Turn& turn);
    Result<Contents, command::Problem> read(const Message& message) const;  // asks no server
    void append(Turn& turn, std::vector<Read> messages);
    bool append_together(Turn& turn, const std::vector<Read>& messages);
    void append_alone(Turn& turn, const Read& message);
    void refuse(Turn& turn, const Message& message, const command::Problem& problem);

    const World world_;
    std::vector<Message> in_hand_;      // not acknowledged
    std::vector<std::uint64_t> aside_;  // of these, tags of those that lie where refused ones are kept
};

}  // namespace lantern::intake
