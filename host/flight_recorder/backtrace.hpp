// A backtrace as a person reads it. In: lines of backtrace_symbols_fd, "FILE(NAME+OFFSET) [ADDRESS]" or
// "FILE(+OFFSET) [ADDRESS]". Out: the same without addresses, which differ at each run, and without the frames of
// the crash handler; functions that FILE does not export are named from its symbol table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lantern::flight_recorder {

// "#0 zoo::dereference(int*)+0x12 in 3f2a….so", one frame a line; at most 24 of them. Empty for an empty trace.
std::string readable_backtrace(std::string_view trace);

// The function that holds this offset of an ELF file, demangled; empty: the file does not say.
std::string function_at(const std::string& file, std::uint64_t offset);

}  // namespace lantern::flight_recorder
