// The services that aggregates may ask for, in a few threads of their own: a hash takes twenty times as long as all
// else in a command, and 19 MiB.
//   "password.hash"    {"password": text}               -> {"hash": text, "method": "argon2id"}
//   "password.verify"  {"password": text, "hash": text} -> true | false
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "host/command/ports.hpp"
#include "host/core/limits.hpp"
#include "host/security/passwords.hpp"

namespace lantern::security {

class HashingPool final : public command::Services {
public:
    explicit HashingPool(int threads, std::size_t queue_max = limits::kHashQueueMax, HashingCost cost = {});
    ~HashingPool() override;  // stops

    // Finishes what is being hashed; what is queued is told that it was abandoned. Twice is fine.
    void stop();

    bool answer(std::vector<command::Ask> asks, Done done) override;

private:
    struct Job {
        std::vector<command::Ask> asks;
        Done done;
    };

    void work();
    Result<std::string> answer_one(const command::Ask& ask) const;

    const std::size_t queue_max_;
    const HashingCost cost_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;  // guarded by mutex_
    bool stopping_ = false;  // guarded by mutex_

    std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace lantern::security
