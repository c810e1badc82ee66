// One run: a place, a producer, the faults that a seed draws, quiet, and what is wrong then.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/chaos/faults.hpp"
#include "tests/chaos/observed.hpp"
#include "tests/chaos/producer.hpp"

namespace lantern::chaos {

class Run {
public:
    using Say = std::function<void(const std::string&)>;

    Run(std::uint64_t seed, std::filesystem::path log, Say say);

    // Starts everything, lets the faults happen, and ends them; after each, what had been stored by then must be
    // applied soon.
    void go(std::size_t faults);
    // Waits for quiet, and for everything to be as it must; then ends the host.
    void settle();
    // What is wrong now. Empty: nothing.
    std::vector<std::string> check();

    // All that was wrong on the way and at the end.
    const std::vector<std::string>& problems() const { return problems_; }
    Place& place() { return place_; }

private:
    bool until(const std::function<bool()>& holds, std::chrono::seconds within);
    void hold(const Planned& fault);
    void expect_flow(const std::string& after);
    std::vector<std::string> behind(std::int64_t position);
    void retry_dead();
    std::int64_t number(const std::string& query);

    const Say say_;
    const std::uint64_t seed_;
    Place place_;
    std::vector<Accepted> accepted_;
    std::vector<std::string> problems_;
    std::unique_ptr<Producer> producer_;
};

}  // namespace lantern::chaos
