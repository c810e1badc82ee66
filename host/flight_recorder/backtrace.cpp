#include "host/flight_recorder/backtrace.hpp"

#include <cxxabi.h>
#include <elf.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

namespace lantern::flight_recorder {
namespace {

constexpr std::size_t kFramesShown = 24;
constexpr std::size_t kHandlerFramesMax = 4;  // since the last that is known to be one
constexpr std::size_t kNameBytesMax = 160;

struct Frame {
    std::string file, name;    // name: empty when the file does not export it
    std::uint64_t offset = 0;  // into the function, or, without a name, into the file
};

std::optional<Frame> parse(std::string_view line) {
    const auto open = line.rfind('(');
    const auto close = line.rfind(')');
    if (open == line.npos || close == line.npos || close < open) return std::nullopt;
    const auto inside = line.substr(open + 1, close - open - 1);
    const auto plus = inside.rfind('+');
    Frame frame{std::string(line.substr(0, open)), std::string(inside.substr(0, plus)), 0};
    if (plus == inside.npos || inside.substr(plus + 1, 2) != "0x") return frame;
    const auto digits = inside.substr(plus + 3);
    std::from_chars(digits.data(), digits.data() + digits.size(), frame.offset, 16);
    return frame;
}

std::string demangled(const std::string& name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
    std::string text = status == 0 ? plain.get() : name;
    if (text.size() > kNameBytesMax) text = text.substr(0, kNameBytesMax) + "...";
    return text;
}

std::string hex(std::uint64_t number) {
    char digits[17] = {};
    std::to_chars(digits, digits + 16, number, 16);
    return std::string("0x") + digits;
}

// Nothing when it reaches beyond the end.
template <class T>
std::optional<T> at(const std::string& bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T out;
    std::memcpy(&out, bytes.data() + offset, sizeof out);
    return out;
}

std::string function_in(const std::string& bytes, const Elf64_Shdr& symbols, const Elf64_Shdr& names,
                        std::uint64_t offset) {
    for (std::uint64_t place = 0; place + sizeof(Elf64_Sym) <= symbols.sh_size; place += sizeof(Elf64_Sym)) {
        const auto symbol = at<Elf64_Sym>(bytes, symbols.sh_offset + place);
        if (!symbol) break;
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || offset < symbol->st_value ||
            offset >= symbol->st_value + symbol->st_size)
            continue;
        const std::uint64_t name = names.sh_offset + symbol->st_name;
        if (name >= bytes.size()) break;
        return demangled(std::string(bytes.c_str() + name));  // ends with the string, at the latest
    }
    return {};
}

std::string shown(const Frame& frame) {
    const auto slash = frame.file.rfind('/');
    const std::string file = frame.file.substr(slash == std::string::npos ? 0 : slash + 1);
    if (!frame.name.empty()) return demangled(frame.name) + "+" + hex(frame.offset) + " in " + file;
    const std::string name = function_at(frame.file, frame.offset);
    return (name.empty() ? hex(frame.offset) : name) + " in " + file;
}

// The handler's own frames, and what kernel and libc put between it and the fault.
bool is_of_handler(const std::string& frame) {
    for (const char* ours : {"write_trace", "note_end", "on_crash", "on_exit", "__restore_rt"})
        if (frame.find(ours) != std::string::npos) return true;
    return false;
}

}  // namespace

std::string function_at(const std::string& file, std::uint64_t offset) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto header = at<Elf64_Ehdr>(bytes, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return {};
    for (int section = 0; section < header->e_shnum; ++section) {
        const auto place = header->e_shoff + std::uint64_t{sizeof(Elf64_Shdr)} * static_cast<unsigned>(section);
        const auto symbols = at<Elf64_Shdr>(bytes, place);
        if (!symbols) break;
        if (symbols->sh_type != SHT_SYMTAB) continue;
        const auto names = at<Elf64_Shdr>(bytes, header->e_shoff + sizeof(Elf64_Shdr) * symbols->sh_link);
        if (names) return function_in(bytes, *symbols, *names, offset);
    }
    return {};
}

std::string readable_backtrace(std::string_view trace) {
    std::vector<std::string> frames;
    bool in_handler = false;
    while (!trace.empty() && frames.size() < kFramesShown) {
        const auto end = trace.find('\n');
        const auto frame = parse(trace.substr(0, end));
        trace.remove_prefix(end == trace.npos ? trace.size() : end + 1);
        if (!frame) continue;
        frames.push_back(shown(*frame));
        if (frames.size() <= kHandlerFramesMax && is_of_handler(frames.back())) {
            frames.clear();
            in_handler = true;
        } else if (in_handler) {
            // Between handler and fault stands libc's nameless return from it.
            if (frame->name.empty() && frame->file.find("/libc.so") != std::string::npos) frames.clear();
            in_handler = false;
        }
    }
    std::string text;
    for (std::size_t number = 0; number < frames.size(); ++number)
        text += (number ? "\n#" : "#") + std::to_string(number) + " " + frames[number];
    return text;
}

}  // namespace lantern::flight_recorder
