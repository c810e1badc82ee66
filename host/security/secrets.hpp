// Comparing and deriving from secrets, on libsodium.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/command/ports.hpp"

namespace lantern::security {

// Must be called before anything else of this room; twice is fine. Throws std::runtime_error if the kernel gives no
// randomness.
void start();

// Takes as long for the first wrong character as for the last, whatever the lengths.
bool equal_in_constant_time(std::string_view one, std::string_view other);

// HMAC-SHA-512-256 under a key derived from a secret of the settings: all api processes of one installation agree
// on it, over restarts too.
class KeyedMac final : public command::RequestMac {
public:
    explicit KeyedMac(std::string_view secret);
    ~KeyedMac() override;
    KeyedMac(const KeyedMac&) = delete;
    KeyedMac& operator=(const KeyedMac&) = delete;

    std::string mac(std::string_view request) const override;

private:
    std::array<std::uint8_t, 32> key_;
};

}  // namespace lantern::security
