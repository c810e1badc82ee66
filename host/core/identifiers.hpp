// The names of things: strong types for every number and text that could be mistaken for another.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lantern {

template <class Tag, class Rep>
struct Strong {
    Rep value{};

    Strong() = default;
    explicit Strong(Rep from) : value(std::move(from)) {}
    auto operator<=>(const Strong&) const = default;
};

using StreamId = Strong<struct StreamIdTag, std::int64_t>;      // stands for (aggregate type, aggregate id)
using Revision = Strong<struct RevisionTag, std::int64_t>;      // 1, 2, 3 ... in a stream; 0 = before the first
using Position = Strong<struct PositionTag, std::int64_t>;      // place in the whole store; 0 = before the first
using Epoch = Strong<struct EpochTag, std::int64_t>;            // of a lease or of the relay's leadership
using Generation = Strong<struct GenerationTag, std::int64_t>;  // of a handler's tables
using Partition = Strong<struct PartitionTag, std::int32_t>;    // 0 ... partitions - 1
using Bucket = Strong<struct BucketTag, std::int32_t>;          // 0 ... 31
using HandlerName = Strong<struct HandlerNameTag, std::string>;

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using Milliseconds = std::chrono::milliseconds;

inline constexpr int kBuckets = 32;

// The same in SQL: stream_id % 32. Ids come from a sequence, so the buckets are even.
inline Bucket bucket_of(StreamId stream) {
    return Bucket{static_cast<std::int32_t>(stream.value % kBuckets)};
}
inline Partition partition_of(Bucket bucket, int partitions) {
    return Partition{bucket.value % partitions};
}

// A UUID, 16 bytes big-endian as in RFC 9562.
class Uuid {
public:
    Uuid() = default;

    // Accepts the 36-character form in either case; nothing else.
    static std::optional<Uuid> parse(std::string_view text);
    // Version 7: milliseconds, 12 bits of the fraction of one, random bits.
    static Uuid v7(Timestamp now, std::uint64_t random_high, std::uint64_t random_low);
    // Version 5: a name within a name space; the same on every machine and in every build.
    static Uuid derived(const Uuid& name_space, std::string_view name);

    std::string text() const;
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    auto operator<=>(const Uuid&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

using EventId = Uuid;
using WorkerId = Uuid;

}  // namespace lantern

template <class Tag, class Rep>
struct std::hash<lantern::Strong<Tag, Rep>> {
    std::size_t operator()(const lantern::Strong<Tag, Rep>& of) const { return std::hash<Rep>{}(of.value); }
};

template <>
struct std::hash<lantern::Uuid> {
    std::size_t operator()(const lantern::Uuid& of) const {
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(of.bytes().data()), of.bytes().size()});
    }
};
