// What the recorder writes down for each event, and the fold computes again: a hash over everything that was
// applied to a stream, in the order in which it was applied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chaos {

// FNV-1a, 64 bits.
inline std::uint64_t hash(std::uint64_t from, std::string_view text) {
    for (const unsigned char byte : text) from = (from ^ byte) * 0x100000001b3ULL;
    return from;
}

inline std::string link(std::string_view before, std::string_view event_id, std::int64_t revision,
                        std::string_view data) {
    std::uint64_t sum = 0xcbf29ce484222325ULL;
    for (const std::string_view part : {before, event_id, std::string_view(std::to_string(revision)), data})
        sum = hash(hash(sum, part), "\n");
    return std::to_string(sum);
}

}  // namespace chaos
