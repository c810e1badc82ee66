// The queue of events from outside, and beside it <queue>.refused, where a message that is not taken lies with the
// reason in its header `lantern_refused` (problem details as JSON). One connection, used by one thread.
//
// Both queues are declared when they are not there: durable, quorum, and the first with a single active consumer,
// so that the messages of a stream keep their order while several hosts stand by. A queue that is there is taken as
// it is.
//
// A message larger than `body_bytes_max` is never whole in memory: its size stands before its body, and each part
// goes on to the refused messages as it comes.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "host/intake/ports.hpp"

namespace lantern::rabbitmq {

std::string refused_queue(const std::string& queue);

class IntakeQueue final : public intake::Queue {
public:
    struct Bounds {
        std::uint16_t in_hand_max = limits::kIntakePrefetch;  // messages given before one is acknowledged
        std::size_t body_bytes_max = std::numeric_limits<std::size_t>::max();  // of a message that is held
        std::string too_large{};  // problem details as JSON: why what is larger lies refused
    };
    // Connects at the first take().
    IntakeQueue(std::string url, std::string queue, Bounds bounds);
    IntakeQueue(std::string url, std::string queue) : IntakeQueue(std::move(url), std::move(queue), Bounds()) {}
    ~IntakeQueue() override;

    std::vector<intake::Message> take(std::size_t messages_max, Milliseconds wait) override;
    // Returns when the broker has confirmed it.
    void refuse(const intake::Message& message, const std::string& problem) override;
    void acknowledge_up_to(std::uint64_t tag) override;
    void service() override;
    void disconnect() override;

    // Messages that wait in the queue, and those that lie refused. Connects.
    struct Depth {
        std::int64_t waiting = 0, refused = 0;
    };
    Depth depth();

    // Refused messages of any size, one after the other, each over a connection of its own: the first ones, up to
    // limits::kIntakePrefetch, which are seen one by one and stay where they are; and back into the queue, in their
    // order, without the reason. How many that were.
    std::size_t see_refused(std::size_t messages_max, const std::function<void(const intake::Message&)>& see) const;
    std::size_t put_back(std::size_t messages_max) const;
    static std::string reason_of(const intake::Message& refused);

private:
    class Session;
    Session& session();

    const std::string url_, queue_;
    const Bounds bounds_;
    std::unique_ptr<Session> session_;  // nothing: not connected
};

}  // namespace lantern::rabbitmq
