// Creates users and changes each of them twice, one request after the other, until it is told to stop; remembers
// those that were accepted.
#pragma once

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "tests/support/dev_instance.hpp"

namespace lantern::test {

class SteadyClient {
public:
    SteadyClient(const DevInstance& instance, std::string name)
        : instance_(instance), name_(std::move(name)), thread_([this] { work(); }) {}
    ~SteadyClient() { finish(); }
    SteadyClient(const SteadyClient&) = delete;
    SteadyClient& operator=(const SteadyClient&) = delete;

    std::size_t accepted() const { return accepted_; }
    // So many more are accepted.
    bool goes_on(std::size_t more = 20) const {
        const auto until = accepted() + more;
        return eventually([&] { return accepted() >= until; });
    }
    std::set<std::string> finish() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        return ids_;
    }

private:
    void work() {
        for (int number = 0; !stop_; ++number) {
            const auto answer = instance_.create_user(name_ + std::to_string(number));
            if (answer.status != 201) {
                pause_between_looks();
                continue;
            }
            ids_.insert(id_of(answer));
            ++accepted_;
            for (const char* first_name : {"Anna", "Berta"})
                instance_.http({.method = "PUT",
                                .path = "/v1/users/" + id_of(answer) + "/",
                                .body = R"({"first_name": ")" + std::string(first_name) + "\"}"});
        }
    }

    const DevInstance& instance_;
    const std::string name_;
    std::set<std::string> ids_;  // the thread's, until it is joined
    std::atomic<std::size_t> accepted_ = 0;
    std::atomic<bool> stop_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace lantern::test
