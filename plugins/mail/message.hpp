// A mail in text and HTML as the bytes of RFC 5322 and MIME. Nothing in a field can add a header or a recipient:
// control characters become spaces, and bodies are encoded.
#pragma once

#include <string>
#include <string_view>

#include <lantern/values.hpp>

namespace mail {

struct Message {
    std::string from;       // address
    std::string from_name;  // may be empty
    std::string to;         // address
    std::string subject;
    std::string text;  // UTF-8
    std::string html;  // UTF-8; empty: text only
    lantern::Time date;
    std::string key;  // makes Message-ID and boundary, the same over all attempts
};

// Whether it can stand between < and > of a header or an SMTP command: one @, no white space, controls or quotes.
bool is_address(std::string_view address);

// Lines end with CR LF; the same message gives the same bytes.
std::string bytes_of(const Message& message);

}  // namespace mail
