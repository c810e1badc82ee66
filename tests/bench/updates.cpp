#include "tests/bench/updates.hpp"

namespace lantern::bench {
namespace {

constexpr int kClients = 8;

}  // namespace

Updates::Updates(Place& place, int users, int per_second) {
    const auto every = std::chrono::microseconds(std::chrono::seconds(kClients)) / per_second;
    for (int number = 0; number < kClients; ++number) {
        threads_.emplace_back([this, &place, users, every, number] {
            HttpClient client(place.http_port(), place.token());
            auto next = std::chrono::steady_clock::now() + every * number / kClients;
            for (std::int64_t n = number; !stop_; n += kClients) {
                std::this_thread::sleep_until(next += every);
                const int user = static_cast<int>(1 + n * 7919 % users);
                const int status = client.send("PUT", path_of(user), update_of(n)).status;
                ++(status / 100 == 2 ? accepted_ : refused_);
            }
        });
    }
}

void Updates::stop() {
    stop_ = true;
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

}  // namespace lantern::bench
