// How callers of the API prove who they are. Nothing here knows what a user is: which streams log in, by which
// keys, with which secret, is data.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "host/core/handler.hpp"

namespace lantern {

struct AuthSettings {
    std::string path = "/v1/auth/";   // POST login/, logout/ and refresh/ stand below it
    std::string aggregate;            // type of the streams that log in; empty: nobody does
    std::vector<std::string> keys;    // scopes of unique keys under which a stream is looked for, in this order
    std::string name_field = "name";  // of the login's body: any of those keys, as typed
    std::string password_field = "password";  // of the login's body

    // Fields of the stream's state
    std::string secret;                          // the password's hash
    std::map<std::string, std::string> require;  // field -> the value it must have
    std::string epoch;                           // a token of another epoch is revoked; empty: there is none
    std::string name;                            // shown as the actor's name; empty: none
    std::string role;                            // empty: every stream has the scopes of ""

    std::map<std::string, std::vector<std::string>> scopes;  // by role

    std::string token_key;                             // of HS256; empty: nobody logs in
    std::chrono::milliseconds token_life{1'800'000};   // 30 min
    std::chrono::milliseconds login_life{43'200'000};  // 12 h: a token is not refreshed beyond, after the login
    // A token that another host revoked is refused after this time at the latest.
    std::chrono::milliseconds revoked_within{5'000};
    // Tries to log in, over all hosts.
    Rate per_name{10, std::chrono::minutes(1)};
    Rate per_address{100, std::chrono::minutes(1)};
};

}  // namespace lantern
