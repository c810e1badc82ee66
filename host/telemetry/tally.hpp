// What a worker counts, in memory that it shares with its host. Counting is a few plain adds: no system call, no
// round trip. The host makes the memory before it starts the worker, reads it while that runs, and once more when
// it has ended, however it ended: not even kill -9 loses a count.
//
// The memory: TallyPage (tally.cpp), words of 64 bits, each written by the worker's threads alone. What the host
// reads may be from between two adds of one batch; no number ever goes back.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace lantern::telemetry {

// Names the descriptor of the shared memory to a worker.
inline constexpr const char* kTallyVariable = "LANTERN_TALLY";

// Upper bounds of the histograms' buckets; one more bucket is for what lies above.
inline constexpr std::array<std::int64_t, 8> kBatchEventsBounds{1, 5, 20, 50, 100, 200, 500, 1000};
inline constexpr std::array<std::int64_t, 12> kBatchMicrosecondsBounds{
    1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000, 30'000'000};

template <std::size_t Bounds>
struct HistogramCounts {
    std::array<std::uint64_t, Bounds + 1> in_bucket{};
    std::uint64_t sum = 0;

    HistogramCounts& operator+=(const HistogramCounts& other);
};

struct Counts {
    std::uint64_t applied = 0, duplicates = 0, filled = 0;  // events
    std::uint64_t retrying = 0, dead = 0;                   // failures, by what became of the stream
    std::uint64_t malformed = 0;                            // messages
    HistogramCounts<kBatchEventsBounds.size()> batch_events;
    HistogramCounts<kBatchMicrosecondsBounds.size()> batch_microseconds;

    Counts& operator+=(const Counts& other);
};

// How a worker gets on; times of the machine's steady clock, the epoch: never yet.
struct Pace {
    std::chrono::steady_clock::time_point turned_at{};     // last turn of its loop
    std::chrono::steady_clock::time_point committed_at{};  // last batch
    bool waits = false;                                    // for a server or a dependency of its plugin
};

struct TallyPage;

// The host's side.
class TallyBoard {
public:
    TallyBoard();  // Fault(outage) when there is no memory
    ~TallyBoard();
    TallyBoard(const TallyBoard&) = delete;
    TallyBoard& operator=(const TallyBoard&) = delete;

    // To be handed to the worker under the name kTallyVariable.
    int descriptor() const { return descriptor_; }
    Counts counts() const;
    Pace pace() const;

private:
    int descriptor_ = -1;
    const TallyPage* page_ = nullptr;
};

// The worker's side; without kTallyVariable it counts for nobody. One thread.
class Tally {
public:
    Tally();
    ~Tally();
    Tally(const Tally&) = delete;
    Tally& operator=(const Tally&) = delete;

    struct Batch {
        std::uint64_t applied = 0, duplicates = 0, filled = 0;
        std::chrono::microseconds took{0};
    };
    void turned();
    void committed(const Batch& batch);
    enum class Parked { retrying, dead };
    void failed(Parked as);
    void malformed();
    void waits(bool does);

private:
    TallyPage* page_ = nullptr;
};

}  // namespace lantern::telemetry
