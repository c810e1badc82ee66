// Clients of the api that ask as fast as they are answered.
#pragma once

#include <functional>

#include "tests/bench/bench.hpp"
#include "tests/bench/http_client.hpp"

namespace lantern::bench {

struct Load {
    double rate = 0;  // answers a second
    double p50_ms = 0, p99_ms = 0;
    std::int64_t refused = 0;  // answers other than 2xx
};

// For eight seconds. `request(client, n)` sends the n-th request of all and returns its status.
Load run_clients(Place& place, int clients, const std::function<int(HttpClient&, std::int64_t)>& request);
void report(const std::string& name, const Load& load, const std::string& unit, const std::string& conditions);

std::string path_of(int user);          // of the API
std::string update_of(std::int64_t n);  // body that gives the n-th first name

// Ends the program with a message when it takes too long.
void wait_for_api(Place& place);

}  // namespace lantern::bench
