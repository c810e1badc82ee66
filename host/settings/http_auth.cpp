#include "host/settings/http_auth.hpp"

#include "host/settings/mapping.hpp"
#include "host/settings/names.hpp"

namespace lantern::settings {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTokenKeyBytesMin = 32;  // RFC 7518: as long as the hash

void read_path(Reading& reading, Mapping& keys, std::string& path) {
    if (!keys.text("path", path)) return;
    const bool sound = path.size() > 1 && path.front() == '/' && path.back() == '/' &&
                       path.find_first_of("{}?# ") == std::string::npos;
    if (!sound) reading.report(keys.place("path"), "the path " + in_quotes(path), "a path like /v1/auth/");
}

void read_require(Reading& reading, Mapping& keys, std::map<std::string, std::string>& require) {
    const auto node = keys.take("require");
    if (!node) return;
    Mapping fields(reading, *node, "require");
    for (const auto& [field, value] : fields.entries())
        if (const auto scalar = reading.scalar(value, "the value that the field must have"))
            require[field.Scalar()] = scalar->text;
}

void read_scopes(Reading& reading, Mapping& keys, std::map<std::string, std::vector<std::string>>& scopes) {
    const auto node = keys.take("scopes");
    if (!node) return;
    Mapping roles(reading, *node, "scopes");
    for (const auto& [role, list] : roles.entries()) roles.texts(role.Scalar(), scopes[role.Scalar()]);
}

void check(Reading& reading, const Mapping& keys, const AuthSettings& auth) {
    const auto required = [&](const char* key, bool given) {
        if (!given) reading.report(keys.node(), "auth without " + in_quotes(key), "the key " + in_quotes(key));
    };
    required("aggregate", !auth.aggregate.empty());
    required("keys", !auth.keys.empty());
    required("secret", !auth.secret.empty());
    required("scopes", !auth.scopes.empty());
    if (!auth.token_key.empty() && auth.token_key.size() < kTokenKeyBytesMin)
        reading.report(keys.place("token_key"),
                       "a token_key of " + std::to_string(auth.token_key.size()) + " bytes",
                       "at least 32, or none: then nobody logs in");
    if (auth.login_life < auth.token_life)
        reading.report(keys.place("login_life"), "a login_life shorter than token_life", "one that is longer");
}

}  // namespace

void read_auth(Reading& reading, const YAML::Node& node, AuthSettings& auth) {
    Mapping keys(reading, node, "auth");
    read_path(reading, keys, auth.path);
    if (keys.text("aggregate", auth.aggregate)) {
        if (const auto refusal = refuse_name(auth.aggregate); !refusal.empty())
            reading.report(keys.place("aggregate"), "aggregate " + in_quotes(auth.aggregate), refusal);
    }
    keys.texts("keys", auth.keys);
    keys.text("name_field", auth.name_field);
    keys.text("password_field", auth.password_field);
    keys.text("secret", auth.secret);
    read_require(reading, keys, auth.require);
    keys.text("epoch", auth.epoch);
    keys.text("name", auth.name);
    keys.text("role", auth.role);
    read_scopes(reading, keys, auth.scopes);
    keys.text("token_key", auth.token_key);
    keys.duration("token_life", auth.token_life, {1s, 24h});
    keys.duration("login_life", auth.login_life, {1s, 24h * 365});
    keys.duration("revoked_within", auth.revoked_within, {0s, 1h});
    keys.rate("per_name", auth.per_name);
    keys.rate("per_address", auth.per_address);
    keys.refuse_unknown();
    check(reading, keys, auth);
}

}  // namespace lantern::settings
