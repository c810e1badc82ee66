// What it costs to cross into a plugin and back, without the parsing of JSON.
#include <benchmark/benchmark.h>

#include <iostream>

#include "host/plugin_loading/library.hpp"
#include "host/worker/changes.hpp"
#include "tests/bench/bench.hpp"

namespace lantern::bench {
namespace {

class Counter final : public worker::Recorder {
public:
    std::optional<std::string> record(Change change) override {
        recorded += change.cells.size();
        return std::nullopt;
    }
    const Row* find(std::uint32_t, const std::vector<Value>&) override { return nullptr; }
    std::size_t recorded = 0;
};

void call(benchmark::State& state, worker::Projection& projection, const std::string& type) {
    Event event;
    event.aggregate_type = "thing";
    event.aggregate_id = "0190f3a2-7c4e-7abc-8def-0123456789ab";
    event.type = type;
    event.data = R"({"first_name":"Sarah"})";
    event.metadata = "{}";
    Counter counter;
    for (auto _ : state) benchmark::DoNotOptimize(projection.handle(event, counter));
}

// One line per figure, like all others.
class Lines final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") {
                print(run.run_name.function_name, run.GetAdjustedCPUTime(), "ns",
                      "median of 9, one thread; goal 100");
            }
        }
    }
};

}  // namespace

void abi() {
    std::string copies = (std::filesystem::temp_directory_path() / "lantern-bench-copies-XXXXXX").string();
    copies = mkdtemp(copies.data());
    const auto library = plugin_loading::Library::open(BENCH_COUNTING, {copies});
    if (!library) {
        std::cerr << library.error() << "\n";
        std::exit(1);
    }
    const auto projection = library.value()->make_projection("{}", {});
    const auto add = [&](const char* name, const char* type) {
        benchmark::RegisterBenchmark(name,
                                     [&, type](benchmark::State& state) { call(state, *projection.value(), type); })
            ->Repetitions(9)
            ->ReportAggregatesOnly();
    };
    add("abi, call", "SEEN");
    add("abi, call with one change", "RECORDED");
    Lines lines;
    benchmark::RunSpecifiedBenchmarks(&lines);
    std::filesystem::remove_all(copies);
}

}  // namespace lantern::bench
