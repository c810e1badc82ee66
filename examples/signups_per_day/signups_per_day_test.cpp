// Needs no test framework: what is not as expected throws, with the difference.
#include <iostream>
#include <lantern/testing.hpp>

using namespace lantern::testing;

int main() try {
    ProjectionSpec(lantern_plugin)
        .given(event("USER_CREATED", "user/1").version(2).at("2026-11-23T09:00:00Z"),
               event("USER_CREATED", "user/2").version(2).at("2026-11-23T23:59:59Z"),
               event("USER_CREATED", "user/3").version(2).at("2026-11-24T00:00:00Z"))
        .then("signups_per_day", R"([{"day": "2026-11-23", "count": 2}, {"day": "2026-11-24", "count": 1}])");
} catch (const std::exception& failed) {
    std::cerr << failed.what() << '\n';
    return 1;
}
