// How a fuzzer says that what it got is not as it must be: it ends the process with the reason, and libFuzzer keeps
// the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/core/utf8.hpp"

namespace lantern::fuzz {

inline void expect(bool holds, const std::string& otherwise) {
    if (holds) return;
    std::fprintf(stderr, "not as it must be: %s\n", otherwise.c_str());
    std::abort();
}

inline bool is_utf8(std::string_view text) {
    return storable_bytes(text) == text.size();
}

}  // namespace lantern::fuzz
