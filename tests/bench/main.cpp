#include <cstdio>
#include <cstring>
#include <utility>

#include "tests/bench/bench.hpp"

int main(int argc, char** argv) {
    using Bench = std::pair<const char*, void (*)()>;
    const Bench benches[] = {{"live", lantern::bench::live},
                             {"append", lantern::bench::append},
                             {"latency", lantern::bench::latency},
                             {"latency_beside", lantern::bench::latency_beside},
                             {"reads", lantern::bench::reads},
                             {"load", lantern::bench::load},
                             {"abi", lantern::bench::abi},
                             {"memory", lantern::bench::memory},
                             {"rebuild", lantern::bench::rebuild},
                             {"busy", lantern::bench::busy},
                             {"swap", lantern::bench::swap},
                             {"import", lantern::bench::import_events},
                             {"poison", lantern::bench::poison},
                             {"takeover", lantern::bench::takeover},
                             {"new_build", lantern::bench::new_build},
                             {"handlers", lantern::bench::handlers},
                             {"routed", lantern::bench::routed},
                             {"sweep", lantern::bench::sweep},
                             {"paused", lantern::bench::paused},
                             {"away", lantern::bench::away}};
    int ran = 0;
    for (const auto& [name, run] : benches) {
        if (argc > 1 && std::strcmp(argv[1], name) != 0) continue;
        run();
        ++ran;
    }
    if (ran == 0) {
        std::fprintf(
            stderr,
            "no benchmark is called %s; there are live, append, latency, latency_beside, reads, load, abi, memory, "
            "rebuild, busy, swap, import, poison, takeover, new_build, handlers, routed, sweep, paused, away\n",
            argv[1]);
        return 1;
    }
    return 0;
}
