#include "host/flight_recorder/recorder.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "host/core/fault.hpp"
#include "host/flight_recorder/crash_handler.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::flight_recorder {
namespace {

using Phase = supervise::Call::Phase;

constexpr auto kOrder = std::memory_order_relaxed;

std::uint64_t bits(Phase phase) {
    return static_cast<std::uint64_t>(phase);
}

// Two halves of an id, in the order of its bytes.
std::uint64_t half_of(const Uuid& id, std::size_t first) {
    std::uint64_t half = 0;
    std::memcpy(&half, id.bytes().data() + first, sizeof half);
    return half;
}

void* map(int descriptor) {
    const int flags = descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void* memory = ::mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
    if (memory != MAP_FAILED) return memory;
    throw Fault(FaultKind::outage, "flight recorder", std::string("cannot map it: ") + std::strerror(errno));
}

}  // namespace

Uuid id_of(std::uint64_t high, std::uint64_t low) {
    std::array<unsigned char, 16> bytes{};
    std::memcpy(bytes.data(), &high, sizeof high);
    std::memcpy(bytes.data() + sizeof high, &low, sizeof low);
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        if (at == 4 || at == 6 || at == 8 || at == 10) text.push_back('-');
        text.push_back(kDigits[bytes[at] >> 4]);
        text.push_back(kDigits[bytes[at] & 15]);
    }
    return *Uuid::parse(text);
}

void Slot::belongs_to(const Subject& subject) {
    words_->subject.store(subject.name);
    words_->build.store(subject.build);
    words_->time_limit_ms.store(static_cast<std::uint64_t>(subject.time_limit.count()), kOrder);
    words_->memory_bytes.store(subject.memory_bytes, kOrder);
    words_->thread.store(static_cast<std::uint64_t>(::gettid()), kOrder);
    leave(bits(Phase::outside));
}

void Slot::calling(const Event& event, int attempt) {
    words_->event_high.store(half_of(event.id, 0), kOrder);
    words_->event_low.store(half_of(event.id, 8), kOrder);
    words_->stream.store(static_cast<std::uint64_t>(event.stream.value), kOrder);
    words_->revision.store(static_cast<std::uint64_t>(event.revision.value), kOrder);
    words_->position.store(static_cast<std::uint64_t>(event.position.value), kOrder);
    words_->attempt.store(static_cast<std::uint64_t>(attempt), kOrder);
    note_time();
    goes_in();
}

void Slot::calling_for(std::string_view command) {
    begins(command);
    goes_in();
}

void Slot::begins(std::string_view command) {
    words_->command.store(command);
    words_->event_high.store(0, kOrder);
    words_->event_low.store(0, kOrder);
    note_time();
}

void Slot::note_time() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    words_->since_ns.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()), kOrder);
}

void Slot::goes_in() {
    ++number_;
    // Last, so that whoever sees the call sees what it is about.
    words_->call.store(number_ << 2 | bits(Phase::inside), std::memory_order_release);
}

void Slot::leave(std::uint64_t phase) {
    words_->call.store(number_ << 2 | phase, std::memory_order_release);
}

void Slot::returned() {
    leave(bits(stays_ ? Phase::after : Phase::outside));
}

void Slot::release() {
    stays_ = false;
    leave(bits(Phase::outside));
}

std::chrono::microseconds Slot::time_left() const {
    using std::chrono::microseconds;
    const std::chrono::milliseconds limit(words_->time_limit_ms.load(kOrder));
    if (limit.count() == 0 || (words_->call.load(kOrder) & 3) != bits(Phase::inside)) return microseconds::max();
    const std::chrono::nanoseconds since(words_->since_ns.load(kOrder));
    const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<microseconds>(since + limit - now);
}

std::optional<Slot::Called> Slot::called() const {
    const bool inside = (words_->call.load(std::memory_order_acquire) & 3) == bits(Phase::inside);
    const auto high = words_->event_high.load(kOrder), low = words_->event_low.load(kOrder);
    if (!inside || (high == 0 && low == 0)) return std::nullopt;
    return Called{id_of(high, low), static_cast<int>(words_->attempt.load(kOrder))};
}

Recorder::Recorder() {
    if (const char* given = std::getenv(kVariable)) {
        descriptor_ = std::atoi(given);
        fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
    }
    page_ = static_cast<Page*>(map(descriptor_));
    page_->magic.store(kMagic, kOrder);
}

Recorder::~Recorder() {
    forget_crash_page(page_);
    ::munmap(page_, kMemoryBytes);
}

void Recorder::record_crashes() {
    handle_crashes(page_, descriptor_);
}

}  // namespace lantern::flight_recorder
