#include "host/flight_recorder/board.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/core/fault.hpp"
#include "host/flight_recorder/backtrace.hpp"

namespace lantern::flight_recorder {
namespace {

using supervise::Call;

constexpr auto kOrder = std::memory_order_relaxed;

std::int64_t number_of(const Word& word) {
    return static_cast<std::int64_t>(word.load(kOrder));
}

Call read(const SlotWords& words) {
    Call call;
    const auto state = words.call.load(std::memory_order_acquire);
    call.number = state >> 2;
    call.phase = static_cast<Call::Phase>(state & 3);
    call.subject = words.subject.load();
    call.build = words.build.load();
    call.command = words.command.load();
    call.event = id_of(words.event_high.load(kOrder), words.event_low.load(kOrder));
    call.stream = StreamId{number_of(words.stream)};
    call.revision = Revision{number_of(words.revision)};
    call.position = Position{number_of(words.position)};
    call.attempt = static_cast<int>(number_of(words.attempt));
    call.thread = static_cast<int>(number_of(words.thread));
    call.time_limit = std::chrono::milliseconds(number_of(words.time_limit_ms));
    call.memory_bytes = words.memory_bytes.load(kOrder);
    call.since = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(number_of(words.since_ns)));
    return call;
}

}  // namespace

Board::Board() : descriptor_(::memfd_create("lantern-flight-recorder", MFD_CLOEXEC)) {
    void* memory = MAP_FAILED;
    if (descriptor_ >= 0 && ::ftruncate(descriptor_, kMemoryBytes) == 0)
        memory = ::mmap(nullptr, kMemoryBytes, PROT_READ, MAP_SHARED, descriptor_, 0);
    if (memory == MAP_FAILED) {
        const std::string why = std::strerror(errno);
        if (descriptor_ >= 0) ::close(descriptor_);
        throw Fault(FaultKind::outage, "flight recorder", "no shared memory: " + why);
    }
    page_ = static_cast<const Page*>(memory);
}

Board::~Board() {
    ::munmap(const_cast<Page*>(page_), kMemoryBytes);
    ::close(descriptor_);
}

std::vector<Call> Board::calls() const {
    constexpr int kTries = 3;  // a call that changes so often overran nothing
    std::vector<Call> calls;
    if (page_->magic.load(kOrder) != kMagic) return calls;
    for (std::size_t slot = 0; slot < kSlotsMax; ++slot) {
        const SlotWords& words = page_->slots[slot];
        if (words.thread.load(kOrder) == 0) continue;
        Call call;
        for (int attempt = 0; attempt < kTries; ++attempt) {
            call = read(words);
            std::atomic_thread_fence(std::memory_order_acquire);
            if (words.call.load(kOrder) >> 2 == call.number) break;
        }
        call.slot = slot;
        calls.push_back(std::move(call));
    }
    return calls;
}

Board::Ending Board::ending() const {
    return {static_cast<int>(number_of(page_->signal)), static_cast<int>(number_of(page_->ending_thread)),
            readable_backtrace(trace())};
}

std::string Board::trace() const {
    std::string text(kTraceBytesMax, '\0');
    const ssize_t got = ::pread(descriptor_, text.data(), text.size(), static_cast<off_t>(kTraceOffset));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (const auto end = text.find('\0'); end != std::string::npos) text.resize(end);
    return text;
}

}  // namespace lantern::flight_recorder
