#include "host/telemetry/tally.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "host/core/fault.hpp"

namespace lantern::telemetry {

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free, "words are shared between processes");

struct TallyPage {
    Word applied, duplicates, filled, retrying, dead, malformed;
    std::array<Word, kBatchEventsBounds.size() + 1> events_in_bucket;
    Word events_sum;
    std::array<Word, kBatchMicrosecondsBounds.size() + 1> microseconds_in_bucket;
    Word microseconds_sum;
    Word turned_ns, committed_ns, waits;
};

namespace {

constexpr auto kOrder = std::memory_order_relaxed;

// One thread writes, so a load and a store are enough, and cheaper than a locked add.
void add(Word& word, std::uint64_t more) {
    word.store(word.load(kOrder) + more, kOrder);
}

void note_now(Word& word) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    word.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()), kOrder);
}

std::chrono::steady_clock::time_point time_of(const Word& word) {
    return std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(static_cast<std::int64_t>(word.load(kOrder))));
}

template <std::size_t Bounds>
void observe(std::array<Word, Bounds + 1>& buckets, Word& sum, const std::array<std::int64_t, Bounds>& bounds,
             std::int64_t value) {
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    add(buckets[static_cast<std::size_t>(bucket)], 1);
    add(sum, static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
}

template <std::size_t Bounds>
HistogramCounts<Bounds> read(const std::array<Word, Bounds + 1>& buckets, const Word& sum) {
    HistogramCounts<Bounds> counts;
    for (std::size_t at = 0; at < buckets.size(); ++at) counts.in_bucket[at] = buckets[at].load(kOrder);
    counts.sum = sum.load(kOrder);
    return counts;
}

void* map(int descriptor, int protection) {
    const int flags = descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void* memory = ::mmap(nullptr, sizeof(TallyPage), protection, flags, descriptor, 0);
    if (memory != MAP_FAILED) return memory;
    throw Fault(FaultKind::outage, "tally", std::string("cannot map it: ") + std::strerror(errno));
}

}  // namespace

template <std::size_t Bounds>
HistogramCounts<Bounds>& HistogramCounts<Bounds>::operator+=(const HistogramCounts& other) {
    for (std::size_t at = 0; at < in_bucket.size(); ++at) in_bucket[at] += other.in_bucket[at];
    sum += other.sum;
    return *this;
}

Counts& Counts::operator+=(const Counts& other) {
    applied += other.applied;
    duplicates += other.duplicates;
    filled += other.filled;
    retrying += other.retrying;
    dead += other.dead;
    malformed += other.malformed;
    batch_events += other.batch_events;
    batch_microseconds += other.batch_microseconds;
    return *this;
}

TallyBoard::TallyBoard() : descriptor_(::memfd_create("lantern-tally", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::ftruncate(descriptor_, sizeof(TallyPage)) != 0) {
        const std::string why = std::strerror(errno);
        if (descriptor_ >= 0) ::close(descriptor_);
        throw Fault(FaultKind::outage, "tally", "no shared memory: " + why);
    }
    page_ = static_cast<const TallyPage*>(map(descriptor_, PROT_READ));
}

TallyBoard::~TallyBoard() {
    ::munmap(const_cast<TallyPage*>(page_), sizeof(TallyPage));
    ::close(descriptor_);
}

Counts TallyBoard::counts() const {
    Counts counts;
    counts.applied = page_->applied.load(kOrder);
    counts.duplicates = page_->duplicates.load(kOrder);
    counts.filled = page_->filled.load(kOrder);
    counts.retrying = page_->retrying.load(kOrder);
    counts.dead = page_->dead.load(kOrder);
    counts.malformed = page_->malformed.load(kOrder);
    counts.batch_events = read<kBatchEventsBounds.size()>(page_->events_in_bucket, page_->events_sum);
    counts.batch_microseconds =
        read<kBatchMicrosecondsBounds.size()>(page_->microseconds_in_bucket, page_->microseconds_sum);
    return counts;
}

Pace TallyBoard::pace() const {
    return {time_of(page_->turned_ns), time_of(page_->committed_ns), page_->waits.load(kOrder) != 0};
}

Tally::Tally() {
    int descriptor = -1;
    if (const char* given = std::getenv(kTallyVariable)) {
        descriptor = std::atoi(given);
        ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    page_ = static_cast<TallyPage*>(map(descriptor, PROT_READ | PROT_WRITE));
}

Tally::~Tally() {
    ::munmap(page_, sizeof(TallyPage));
}

void Tally::turned() {
    note_now(page_->turned_ns);
}

void Tally::committed(const Batch& batch) {
    add(page_->applied, batch.applied);
    add(page_->duplicates, batch.duplicates);
    add(page_->filled, batch.filled);
    observe(page_->events_in_bucket, page_->events_sum, kBatchEventsBounds,
            static_cast<std::int64_t>(batch.applied));
    observe(page_->microseconds_in_bucket, page_->microseconds_sum, kBatchMicrosecondsBounds, batch.took.count());
    note_now(page_->committed_ns);
}

void Tally::failed(Parked as) {
    add(as == Parked::dead ? page_->dead : page_->retrying, 1);
}

void Tally::malformed() {
    add(page_->malformed, 1);
}

void Tally::waits(bool does) {
    page_->waits.store(does ? 1 : 0, kOrder);
}

}  // namespace lantern::telemetry
