#include "host/core/identifiers.hpp"

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>

namespace lantern {
namespace {

// By table: the digits of an id are random, and no branch predictor likes them.
constexpr std::array<std::int8_t, 256> hex_digits() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int digit = 0; digit < 10; ++digit)
        values[static_cast<std::size_t>('0' + digit)] = static_cast<std::int8_t>(digit);
    for (int digit = 10; digit < 16; ++digit) {
        values[static_cast<std::size_t>('a' + digit - 10)] = static_cast<std::int8_t>(digit);
        values[static_cast<std::size_t>('A' + digit - 10)] = static_cast<std::int8_t>(digit);
    }
    return values;
}
constexpr auto kHexDigits = hex_digits();

int hex_digit(char c) {
    return kHexDigits[static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid uuid;
    std::size_t byte = 0;
    for (std::size_t at = 0; at < 36;) {
        if (at == 8 || at == 13 || at == 18 || at == 23) {
            if (text[at++] != '-') return std::nullopt;
            continue;
        }
        const int high = hex_digit(text[at]);
        const int low = hex_digit(text[at + 1]);
        if ((high | low) < 0) return std::nullopt;
        uuid.bytes_[byte++] = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    return uuid;
}

Uuid Uuid::v7(Timestamp now, std::uint64_t random_high, std::uint64_t random_low) {
    const auto micros = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const std::uint64_t millis = micros / 1000;
    // RFC 9562 §6.2 method 3: 12 bits of sub-millisecond time keep ids of one process in order.
    const std::uint64_t fraction = (micros % 1000) * 4096 / 1000;
    Uuid uuid;
    for (std::size_t byte = 0; byte < 6; ++byte) {
        uuid.bytes_[byte] = static_cast<std::uint8_t>(millis >> (40 - 8 * byte));
    }
    uuid.bytes_[6] = static_cast<std::uint8_t>(0x70 | (fraction >> 8));
    uuid.bytes_[7] = static_cast<std::uint8_t>(fraction);
    const std::uint64_t tail = random_high ^ (random_low * 0x9e3779b97f4a7c15ULL);
    for (std::size_t byte = 0; byte < 8; ++byte) {
        uuid.bytes_[8 + byte] = static_cast<std::uint8_t>(tail >> (56 - 8 * byte));
    }
    uuid.bytes_[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes_[8] & 0x3f));
    return uuid;
}

Uuid Uuid::derived(const Uuid& name_space, std::string_view name) {
    boost::uuids::uuid space;
    std::copy(name_space.bytes_.begin(), name_space.bytes_.end(), space.begin());
    const auto made = boost::uuids::name_generator_sha1(space)(name.data(), name.size());
    Uuid uuid;
    std::copy(made.begin(), made.end(), uuid.bytes_.begin());
    return uuid;
}

std::string Uuid::text() const {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(36);
    for (std::size_t byte = 0; byte < 16; ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) out.push_back('-');
        out.push_back(kHex[bytes_[byte] >> 4]);
        out.push_back(kHex[bytes_[byte] & 15]);
    }
    return out;
}

}  // namespace lantern
