// Whether a queue answers. Only who consumes or publishes meets the leader of a quorum queue; declaring does not.
// So it asks for a message, which goes back to where it was when the connection ends.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lantern::rabbitmq {

// One thread.
class LeaderCheck {
public:
    // Connects with the first question.
    explicit LeaderCheck(std::string url);
    ~LeaderCheck();
    LeaderCheck(const LeaderCheck&) = delete;
    LeaderCheck& operator=(const LeaderCheck&) = delete;

    // Those that gave no answer within half of limits::kAmqpTimeout, a time that each thirty of them have together.
    // Precondition: the queues are there.
    std::vector<std::string> without_leader(const std::vector<std::string>& queues);
    bool has_leader(const std::string& queue) { return without_leader({queue}).empty(); }

private:
    struct Session;
    void ask(std::span<const std::string> queues, std::vector<std::string>& silent);

    const std::string url_;
    std::unique_ptr<Session> session_;
};

}  // namespace lantern::rabbitmq
