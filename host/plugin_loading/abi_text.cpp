#include "host/plugin_loading/abi_text.hpp"

#include <new>

#include "host/core/utf8.hpp"

namespace lantern::plugin_loading {
namespace {

constexpr std::size_t kSinkBytesMax = std::size_t{64} << 20;
constexpr std::size_t kMessageTextBytesMax = 2000;

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
    return storable_bytes(text) == text.size();
}

std::string message_text(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size() && out.size() < kMessageTextBytesMax;) {
        const std::size_t size = utf8_sequence(text.substr(at));
        if (size == 0 || text[at] == '\0') {
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
