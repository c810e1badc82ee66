// What intake asks of the store. One object for each thread. Adapters throw Fault.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/core/event.hpp"
#include "host/core/limits.hpp"
#include "host/core/result.hpp"

namespace lantern::intake {

// An event from outside, read from a CloudEvent. `number` is its place among those that came with it, from 1;
// `revision`, when given, is the one that it must get.
using Arrival = backfill::ImportLine;
using backfill::KeyMove;
using backfill::Refusal;
using backfill::StreamName;

// What is appended together: all of it, or nothing.
struct Append {
    std::vector<Arrival> events;  // each with its event id
    // Heads from which the keys below were folded: the streams must still be there. Streams that no aggregate owns
    // are not among them.
    std::vector<std::pair<StreamName, Revision>> heads;
    std::vector<KeyMove> held, freed;
    std::map<std::string, std::int64_t> counters{};     // by how much they move; what is a fact has no minimum
    std::vector<backfill::StreamSnapshot> snapshots{};  // of states before: kept, whatever becomes of the events
};

// Where an event stands.
struct Recorded {
    EventId event;
    Revision revision;
    bool known = false;  // it was there before, by source and id
    bool operator==(const Recorded&) const = default;
};

class Arrivals {
public:
    virtual ~Arrivals() = default;

    // Which are in the store already, by source and id.
    virtual std::vector<bool> known(std::span<const Arrival> events) = 0;
    // In their order. Those that are there already are passed over, so that doing it again is safe.
    virtual Result<std::vector<Recorded>, Refusal> append(const Append& append) = 0;
};

// A message as it lay in the queue.
struct Message {
    std::uint64_t tag = 0;                                       // of its delivery
    std::string content_type, user, correlation_id;              // properties; the broker vouches for the user
    std::vector<std::pair<std::string, std::string>> headers{};  // text, whole numbers, true and false
    std::string body;
    bool lies_aside = false;  // too large to be held: without its body here, see Queue::take
};

// How many messages may be in hand, not acknowledged, when none is larger than this: AMQP 0-9-1 bounds their
// number, and it is their bytes that fill the memory. At least one.
inline constexpr std::size_t kBytesInHandMax = 64u << 20;
constexpr std::uint16_t in_hand_max(std::size_t body_bytes_max) {
    const std::size_t fit = kBytesInHandMax / std::max<std::size_t>(body_bytes_max, 1);
    return static_cast<std::uint16_t>(std::clamp<std::size_t>(fit, 1, limits::kIntakePrefetch));
}

// A queue of a broker and the place for what is refused. Throws Fault; what was not acknowledged comes again then.
class Queue {
public:
    virtual ~Queue() = default;

    // What has arrived, in its order; waits for the first one. A message that is too large to be held goes, while
    // it is read, to the place for refused messages, and lies there when it is given here.
    virtual std::vector<Message> take(std::size_t messages_max, Milliseconds wait) = 0;
    // Lies in the place for refused messages, with the reason, when this returns; it is not acknowledged yet.
    virtual void refuse(const Message& message, const std::string& problem) = 0;
    // All messages up to this one.
    virtual void acknowledge_up_to(std::uint64_t tag) = 0;
    // To be called while nothing is taken for long: the broker wants to hear of us.
    virtual void service() = 0;
    virtual void disconnect() = 0;
};

}  // namespace lantern::intake
