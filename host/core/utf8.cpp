#include "host/core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace lantern {
namespace {

// Eight bytes that are all ASCII and none of them zero.
bool plain(const char* bytes) {
    constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return (word & kHigh) == 0 && ((word - kOnes) & kHigh) == 0;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto follows = [&](std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
        return at < text.size() && byte(at) >= low && byte(at) <= high;
    };
    if (text.empty()) return 0;
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::size_t storable_bytes(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        if (at + 8 <= text.size() && plain(text.data() + at)) {
            at += 8;
            continue;
        }
        const std::size_t size = utf8_sequence(text.substr(at));
        if (size == 0 || text[at] == '\0') return at;
        at += size;
    }
    return at;
}

std::string_view utf8_cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    // A character's first byte is within three of the cut.
    std::size_t size = bytes_max;
    while (size > 0 && bytes_max - size < 3 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

}  // namespace lantern
