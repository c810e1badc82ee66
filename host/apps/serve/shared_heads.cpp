#include "host/apps/serve/shared_heads.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

constexpr std::size_t kSlots = 1u << 17;
constexpr std::size_t kBytes = kSlots * 8;

// FNV-1a with a final mix: the same in every process.
std::uint64_t hash_of(const std::string& one, const std::string& other = {}) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    const auto take = [&](const std::string& text) {
        for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
        hash = (hash ^ 0xffu) * 0x100000001b3u;
    };
    take(one);
    take(other);
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

}  // namespace

SharedHeads::SharedHeads(const std::filesystem::path& directory, const std::string& store) {
    std::error_code ignored;  // what matters is whether the file can be opened
    std::filesystem::create_directories(directory, ignored);
    const auto file = directory / ("heads-" + std::to_string(hash_of(store)));
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    void* memory = MAP_FAILED;
    if (descriptor >= 0 && ::ftruncate(descriptor, kBytes) == 0)
        memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (memory == MAP_FAILED)
        throw Fault(FaultKind::configuration, "api", "cannot map " + file.string() + ": " + std::strerror(error));
    slots_ = static_cast<Slot*>(memory);
}

SharedHeads::~SharedHeads() {
    ::munmap(slots_, kBytes);
}

Revision SharedHeads::newest(const std::string& aggregate_type, const std::string& aggregate_id) {
    const auto hash = hash_of(aggregate_type, aggregate_id);
    const auto slot = slots_[hash % kSlots].load(std::memory_order_relaxed);
    if (slot >> 32 != hash >> 32) return Revision{0};
    return Revision{static_cast<std::int64_t>(slot & 0xffffffffu)};
}

void SharedHeads::note(const std::string& aggregate_type, const std::string& aggregate_id, Revision head) {
    const auto hash = hash_of(aggregate_type, aggregate_id);
    slots_[hash % kSlots].store((hash >> 32 << 32) | (static_cast<std::uint64_t>(head.value) & 0xffffffffu),
                                std::memory_order_relaxed);
}

}  // namespace lantern::apps
