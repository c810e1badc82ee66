#include "host/security/tokens.hpp"

#include <jwt.h>
#include <sodium.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "host/core/assert.hpp"

namespace lantern::security {
namespace {

namespace json = boost::json;

constexpr const char* kIssuer = "lantern";
constexpr std::size_t kTokenBytesMax = 8 * 1024;

using Jwt = std::unique_ptr<jwt_t, decltype(&jwt_free)>;
using Text = std::unique_ptr<char, decltype(&std::free)>;

std::int64_t seconds(Timestamp time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string out;
    for (const auto& scope : scopes) out += (out.empty() ? "" : " ") + scope;
    return out;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (end > at) parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

// The claims of a token of ours, or nothing when one is missing or of another type.
std::optional<http::Claims> claims_of(const json::object& grants) {
    http::Claims claims;
    bool sound = true;
    const auto text = [&](const char* name) {
        const auto* value = grants.if_contains(name);
        sound = sound && value && value->is_string();
        return sound ? std::string(value->get_string()) : std::string();
    };
    const auto number = [&](const char* name) {
        const auto* value = grants.if_contains(name);
        sound = sound && value && value->is_int64();
        return sound ? value->get_int64() : 0;
    };
    const auto time = [&](const char* name) { return Timestamp{std::chrono::seconds(number(name))}; };
    sound = text("iss") == kIssuer;
    claims.id = text("jti");
    claims.subject = text("sub");
    claims.name = text("name");
    claims.role = text("role");
    claims.scopes = split(text("scope"));
    claims.epoch = number("epoch");
    claims.logged_in_at = time("auth_time");
    claims.issued_at = time("iat");
    claims.expires_at = time("exp");
    return sound ? std::optional(std::move(claims)) : std::nullopt;
}

}  // namespace

Tokens::Tokens(std::string key) : key_(std::move(key)) {
    LANTERN_ASSERT(key_.size() >= 32, "the settings refuse a shorter key");
}

Tokens::~Tokens() {
    sodium_memzero(key_.data(), key_.size());
}

std::string Tokens::sign(const http::Claims& claims) const {
    jwt_t* made = nullptr;
    if (jwt_new(&made) != 0) throw std::bad_alloc();
    const Jwt jwt(made, jwt_free);
    const json::object grants{{"iss", kIssuer},
                              {"jti", claims.id},
                              {"sub", claims.subject},
                              {"name", claims.name},
                              {"role", claims.role},
                              {"scope", joined(claims.scopes)},
                              {"epoch", claims.epoch},
                              {"auth_time", seconds(claims.logged_in_at)},
                              {"iat", seconds(claims.issued_at)},
                              {"exp", seconds(claims.expires_at)}};
    const auto* key = reinterpret_cast<const unsigned char*>(key_.data());
    if (jwt_add_grants_json(jwt.get(), json::serialize(grants).c_str()) != 0 ||
        jwt_set_alg(jwt.get(), JWT_ALG_HS256, key, static_cast<int>(key_.size())) != 0)
        throw std::runtime_error("a token cannot be made");
    const Text text(jwt_encode_str(jwt.get()), std::free);
    if (!text) throw std::runtime_error("a token cannot be signed");
    return text.get();
}

std::optional<http::Claims> Tokens::read(std::string_view token) const {
    if (token.size() > kTokenBytesMax || token.find('\0') != std::string_view::npos) return std::nullopt;
    jwt_t* decoded = nullptr;
    const auto* key = reinterpret_cast<const unsigned char*>(key_.data());
    if (jwt_decode(&decoded, std::string(token).c_str(), key, static_cast<int>(key_.size())) != 0)
        return std::nullopt;
    const Jwt jwt(decoded, jwt_free);
    if (jwt_get_alg(jwt.get()) != JWT_ALG_HS256) return std::nullopt;
    const Text grants(jwt_get_grants_json(jwt.get(), nullptr), std::free);
    if (!grants) return std::nullopt;
    boost::system::error_code malformed;
    const auto parsed = json::parse(grants.get(), malformed);
    return malformed || !parsed.is_object() ? std::nullopt : claims_of(parsed.get_object());
}

}  // namespace lantern::security
