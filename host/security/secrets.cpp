#include "host/security/secrets.hpp"

#include <sodium.h>

#include <stdexcept>

namespace lantern::security {
namespace {

using Digest = std::array<std::uint8_t, crypto_generichash_BYTES>;

const std::uint8_t* bytes(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

Digest digest_of(std::string_view text) {
    Digest digest;
    crypto_generichash(digest.data(), digest.size(), bytes(text), text.size(), nullptr, 0);
    return digest;
}

}  // namespace

void start() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium could not be initialised");
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
    // Digests are of one length, so that the lengths of the texts don't show either.
    const auto a = digest_of(one);
    const auto b = digest_of(other);
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

KeyedMac::KeyedMac(std::string_view secret) {
    constexpr std::string_view kPurpose = "lantern/idempotency/1";
    static_assert(sizeof(key_) == crypto_auth_KEYBYTES);
    // BLAKE2b keyed by the purpose: the secret itself may be longer than a key may be.
    crypto_generichash(key_.data(), key_.size(), bytes(secret), secret.size(), bytes(kPurpose), kPurpose.size());
}

KeyedMac::~KeyedMac() {
    sodium_memzero(key_.data(), key_.size());
}

std::string KeyedMac::mac(std::string_view request) const {
    std::string mac(crypto_auth_BYTES, '\0');
    crypto_auth(reinterpret_cast<std::uint8_t*>(mac.data()), bytes(request), request.size(), key_.data());
    return mac;
}

}  // namespace lantern::security
