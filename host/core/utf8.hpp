// Which bytes are UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace lantern {

// Length of the well-formed sequence at the front; 0: none, or the text is empty. A zero byte is one.
std::size_t utf8_sequence(std::string_view text);

// How many bytes from the front are UTF-8 without zero bytes, as PostgreSQL takes it.
std::size_t storable_bytes(std::string_view text);

// At most so many bytes from the front, and no half of a character.
std::string_view utf8_cut(std::string_view text, std::size_t bytes_max);

}  // namespace lantern
