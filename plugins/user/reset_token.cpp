#include "reset_token.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace user {
namespace {

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(const unsigned char* digest, unsigned int size) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (unsigned int at = 0; at < size; ++at) {
        out += kDigits[digest[at] >> 4];
        out += kDigits[digest[at] & 15];
    }
    return out;
}

}  // namespace

std::string reset_token(std::string_view key, std::string_view user_id, std::string_view reset_id) {
    std::string text = "lantern/password-reset/1";
    for (std::string_view part : {user_id, reset_id}) {
        text += '\0';
        text += part;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(), digest, &size))
        throw std::runtime_error("HMAC-SHA-256 is not available");
    return hex(digest, size);
}

std::string hash_of_token(std::string_view token) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(bytes(token), token.size(), digest, &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    return hex(digest, size);
}

}  // namespace user
