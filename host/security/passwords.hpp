// Argon2id as PHC strings ($argon2id$v=19$m=...,t=...,p=1$...), on libsodium.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace lantern::security {

struct HashingCost {
    std::size_t memory_bytes = 19u << 20;
    unsigned long long passes = 2;
};

inline constexpr const char* kHashingMethod = "argon2id";

// Nothing: the memory could not be had.
std::optional<std::string> hash_password(const std::string& password, const HashingCost& cost = {});
// Also verifies hashes of other costs. False for what is no hash.
bool verify_password(const std::string& password, const std::string& hash);

}  // namespace lantern::security
