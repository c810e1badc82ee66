#include "tests/sim/world.hpp"

namespace lantern::sim {
namespace {

constexpr int kDepthMax = 2;

const char* name_of(Place place) {
    return place == Place::postgres ? "postgres" : "rabbitmq";
}

}  // namespace

void World::befall(Place place, Call kind, bool done) {
    clock.advance(std::chrono::microseconds(20 + chance.below(400)));
    if (quiet) return;
    if (depth_ < kDepthMax && chance.permille(weather.interlude)) {
        ++depth_;
        others(chance.between(1, 5), std::chrono::milliseconds(chance.between(0, 100)));
        --depth_;
    }
    if (chance.permille(weather.freeze)) freeze();
    if (chance.permille(weather.crash)) throw Crash{};
    if (!chance.permille(weather.fault)) return;
    if (place == Place::postgres && kind == Call::commit && (done || chance.permille(300))) {
        throw Fault(FaultKind::in_doubt, name_of(place), "connection lost during commit");
    }
    if (place == Place::postgres && !done && chance.permille(200)) {
        throw Fault(FaultKind::conflict, name_of(place), "deadlock detected");
    }
    if (place == Place::postgres && !done && chance.permille(100)) {
        throw Fault(FaultKind::configuration, name_of(place), "permission denied");
    }
    throw Fault(FaultKind::outage, name_of(place), "connection lost");
}

void World::stall(int times) {
    if (!quiet && chance.permille(times * weather.stall)) freeze();
}

// Coarse steps until leases are about to run out, then fine ones: what happens in which order then is what matters.
void World::freeze() {
    if (depth_ >= kDepthMax) return;
    ++depth_;
    others(chance.between(4, 12), std::chrono::milliseconds(chance.between(700, 900)));
    others(chance.between(0, 80), std::chrono::milliseconds(chance.between(10, 100)));
    --depth_;
}

}  // namespace lantern::sim
