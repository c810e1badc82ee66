// Whether a queue answers. Only who consumes or publishes meets the leader of a quorum queue; declaring does not.
// So it asks for a message, which goes back to where it was when the connection ends.
#pragma once

#include <memory>
#include <string>

namespace lantern::rabbitmq {

// One thread.
class LeaderCheck {
public:
    // Connects with the first question.
    explicit LeaderCheck(std::string url);
    ~LeaderCheck();
    LeaderCheck(const LeaderCheck&) = delete;
    LeaderCheck& operator=(const LeaderCheck&) = delete;

    // False: it gave no answer within half of limits::kAmqpTimeout. Precondition: the queue is there.
    bool has_leader(const std::string& queue);

private:
    struct Session;
    const std::string url_;
    std::unique_ptr<Session> session_;
};

}  // namespace lantern::rabbitmq
