// The token of a password reset. It is computed by whoever knows the key: the aggregate when a reset is asked for,
// the mail's plugin when it writes the link. So no event, log or ledger ever holds it; the event holds its hash.
#pragma once

#include <string>
#include <string_view>

namespace user {

// Hex of HMAC-SHA-256 under the key over "lantern/password-reset/1", user id and reset id, separated by zero bytes.
std::string reset_token(std::string_view key, std::string_view user_id, std::string_view reset_id);

// Hex of SHA-256.
std::string hash_of_token(std::string_view token);

// A key shorter than this is refused by both plugins.
inline constexpr std::size_t kResetKeyBytesMin = 16;

}  // namespace user
