// The flight recorder's memory, shared by a process that runs plugin code and the host that watches it. It outlives
// the process that wrote it. Layout, in this order; every number is a 64-bit atomic, so that a reader never sees
// half of one:
//   Page   magic, the signal and the thread that ended the process, then kSlotsMax slots
//   trace  from kTraceOffset on, text: the backtrace of the dying thread, as backtrace_symbols_fd writes it
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/core/identifiers.hpp"

namespace lantern::flight_recorder {

inline constexpr std::uint64_t kMagic = 0x31726e746c66;  // "fltnr1"
inline constexpr std::size_t kSlotsMax = 257;            // threads of an api process, and one more
inline constexpr std::size_t kTraceBytesMax = 32u << 10;

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 8);

// Text of at most 8 N bytes; what is longer is cut.
template <std::size_t N>
struct Text {
    std::array<Word, N> words{};

    void store(std::string_view text) {
        for (std::size_t word = 0; word < N; ++word) {
            std::uint64_t packed = 0;
            for (std::size_t byte = 0; byte < 8 && word * 8 + byte < text.size(); ++byte)
                packed |= std::uint64_t{static_cast<unsigned char>(text[word * 8 + byte])} << (byte * 8);
            words[word].store(packed, std::memory_order_relaxed);
        }
    }
    // Up to the first byte that is no printable ASCII: a plugin may have written over it.
    std::string load() const {
        std::string text;
        for (const Word& word : words) {
            const auto packed = word.load(std::memory_order_relaxed);
            for (int byte = 0; byte < 8; ++byte) {
                const auto character = static_cast<unsigned char>(packed >> (byte * 8));
                if (character < 0x20 || character > 0x7e) return text;
                text.push_back(static_cast<char>(character));
            }
        }
        return text;
    }
};

struct alignas(64) SlotWords {
    Word call;  // number of the call << 2 | phase (supervise::Call::Phase); 0: never used
    Word since_ns;
    Word event_high, event_low, stream, revision, position, attempt, thread;
    Word time_limit_ms, memory_bytes;  // 0: none
    Text<6> subject;                   // handler, or aggregate type
    Text<9> build;
    Text<9> command;
};

// The event of two words.
Uuid id_of(std::uint64_t high, std::uint64_t low);

struct Page {
    Word magic;
    Word signal;         // that the crash handler saw; 0: none
    Word ending_thread;  // whose fault or exit() it was; 0: not known
    std::array<SlotWords, kSlotsMax> slots;
};

inline constexpr std::size_t kTraceOffset = (sizeof(Page) + 4095) / 4096 * 4096;
inline constexpr std::size_t kMemoryBytes = kTraceOffset + kTraceBytesMax;

}  // namespace lantern::flight_recorder
