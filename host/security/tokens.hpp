// Bearer tokens: JWT, signed with HMAC-SHA-256, on libjwt. Times are whole seconds.
//   iss "lantern", jti, sub, name, role, scope (scopes with spaces between, RFC 8693), epoch, auth_time, iat, exp
#pragma once

#include <string>

#include "host/http/ports.hpp"

namespace lantern::security {

// Any thread.
class Tokens final : public http::Tokens {
public:
    explicit Tokens(std::string key);  // at least 32 bytes
    ~Tokens() override;
    Tokens(const Tokens&) = delete;
    Tokens& operator=(const Tokens&) = delete;

    std::string sign(const http::Claims& claims) const override;
    std::optional<http::Claims> read(std::string_view token) const override;

private:
    std::string key_;
};

}  // namespace lantern::security
