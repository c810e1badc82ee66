// The hash chain of an audit log: each row carries the hash of the row before it of the same subject, so that a
// changed or missing row shows. With a key it also holds against someone who may write the table.
//
// hash = hex of SHA-256, or of HMAC-SHA-256 under the key, over the UTF-8 text of the JSON array
//   [previous hash or null, event id, subject type, subject, revision, time in microseconds, actor, action,
//    reason or null, changes]
// without white space, the members of every object in `changes` sorted by name.
#pragma once

#include <string>
#include <string_view>

#include <lantern/json.hpp>

namespace audit {

struct Link {
    std::string_view previous_hash;  // empty: the first
    std::string_view event_id, subject_type, subject;
    std::int64_t revision = 0;
    std::int64_t time_us = 0;
    std::string_view actor, action;
    std::string_view reason;   // empty: none
    std::string_view changes;  // canonical JSON
};

// Members sorted by name, no white space.
std::string canonical(const lantern::json::value& value);

// `key` empty: plain SHA-256. Lower-case hex.
std::string hash_of(const Link& link, std::string_view key);

}  // namespace audit
