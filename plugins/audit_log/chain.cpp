#include "chain.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace audit {
namespace {

namespace json = lantern::json;

void append_text(std::string& to, std::string_view text) {
    to += json::serialize(json::string(lantern::to_json(text)));
}

void append_text_or_null(std::string& to, std::string_view text) {
    if (text.empty())
        to += "null";
    else
        append_text(to, text);
}

void append(std::string& to, const json::value& value) {
    if (const json::object* object = value.if_object()) {
        std::vector<const json::key_value_pair*> members;
        for (const auto& member : *object) members.push_back(&member);
        std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->key() < b->key(); });
        to += '{';
        for (const auto* member : members) {
            if (to.back() != '{') to += ',';
            append_text(to, {member->key().data(), member->key().size()});
            to += ':';
            append(to, member->value());
        }
        to += '}';
    } else if (const json::array* array = value.if_array()) {
        to += '[';
        for (const json::value& one : *array) {
            if (to.back() != '[') to += ',';
            append(to, one);
        }
        to += ']';
    } else {
        to += json::serialize(value);
    }
}

std::string hex(const unsigned char* bytes, std::size_t size) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0; at < size; ++at) {
        out += kDigits[bytes[at] >> 4];
        out += kDigits[bytes[at] & 15];
    }
    return out;
}

}  // namespace

std::string canonical(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

std::string hash_of(const Link& link, std::string_view key) {
    std::string text = "[";
    append_text_or_null(text, link.previous_hash);
    for (std::string_view part : {link.event_id, link.subject_type, link.subject}) append_text(text += ',', part);
    text += ',' + std::to_string(link.revision) + ',' + std::to_string(link.time_us);
    for (std::string_view part : {link.actor, link.action}) append_text(text += ',', part);
    append_text_or_null(text += ',', link.reason);
    text += ',';
    text += link.changes;
    text += ']';

    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const bool made =
        key.empty() ? EVP_Digest(bytes, text.size(), digest, &size, EVP_sha256(), nullptr) == 1
                    : HMAC(EVP_sha256(), key.data(), int(key.size()), bytes, text.size(), digest, &size) != nullptr;
    if (!made) throw std::runtime_error("SHA-256 is not available");
    return hex(digest, size);
}

}  // namespace audit
