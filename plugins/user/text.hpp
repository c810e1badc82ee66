// Text as people type it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace user {

std::string_view trimmed(std::string_view text);  // white space of ASCII at both ends
std::size_t characters(std::string_view utf8);    // code points
bool has_control_characters(std::string_view utf8);
// One @, a local part of 1 to 64 bytes, a domain of two or more labels; no white space, quotes or controls.
bool is_email(std::string_view text);
// For comparison without case: ASCII, Latin, Greek, Cyrillic and Armenian letters.
std::string lower(std::string_view utf8);

}  // namespace user
