#include "host/plugin_loading/abi_text.hpp"

#include <cstdint>
#include <cstring>
#include <new>

namespace lantern::plugin_loading {
namespace {

constexpr std::size_t kSinkBytesMax = std::size_t{64} << 20;
constexpr std::size_t kMessageTextBytesMax = 2000;

// Length of the well-formed sequence at the front (Unicode 15, table 3-7); 0 when there is none.
std::size_t sequence_size(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto follows = [&](std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
        return at < text.size() && byte(at) >= low && byte(at) <= high;
    };
    const unsigned first = byte(0);
    if (first == 0) return 0;
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

// Eight bytes that are all ASCII and none of them zero.
bool plain(const char* bytes) {
    constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
    constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return (word & kHigh) == 0 && ((word - kOnes) & kHigh) == 0;
}

void sink_write(void* context, lantern_str text) {
    auto& sink = *static_cast<TextSink*>(context);
    if (sink.overflowed) return;
    try {
        const auto piece = view(text);
        sink.overflowed = piece.size() > kSinkBytesMax - sink.text.size();
        if (!sink.overflowed) sink.text.append(piece);
    } catch (const std::bad_alloc&) {
        sink.overflowed = true;
    }
}

}  // namespace

bool is_storable(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        if (at + 8 <= text.size() && plain(text.data() + at)) {
            at += 8;
            continue;
        }
        const std::size_t size = sequence_size(text.substr(at));
        if (size == 0) return false;
        at += size;
    }
    return true;
}

std::string message_text(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size() && out.size() < kMessageTextBytesMax;) {
        const std::size_t size = sequence_size(text.substr(at));
        if (size == 0) {
            out.push_back('?');
            ++at;
        } else {
            out.append(text.substr(at, size));
            at += size;
        }
    }
    return out;
}

lantern_sink TextSink::abi() {
    return {sizeof(lantern_sink), this, sink_write};
}

}  // namespace lantern::plugin_loading
