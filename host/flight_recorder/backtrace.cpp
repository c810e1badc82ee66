#include "host/flight_recorder/backtrace.hpp"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

namespace lantern::flight_recorder {
namespace {

constexpr std::size_t kFramesShown = 24;
constexpr std::size_t kHandlerFramesMax = 4;  // since the last that is known to be one
constexpr std::size_t kNameBytesMax = 160;
constexpr std::size_t kMangledBytesMax = 16'384;

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

// Parts of a file that may be large, or no longer what it was.
class File {
public:
    explicit File(const std::string& path) : in_(path, std::ios::binary | std::ios::ate) {
        if (in_) size_ = static_cast<std::uint64_t>(in_.tellg());
    }

    // Less when it reaches beyond the end.
    std::string read(std::uint64_t offset, std::uint64_t size) {
        if (offset >= size_) return {};
        std::string bytes(std::min(size, size_ - offset), '\0');
        in_.seekg(static_cast<std::streamoff>(offset));
        if (!in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
        return bytes;
    }

    template <class T>
    std::optional<T> at(std::uint64_t offset) {
        const auto bytes = read(offset, sizeof(T));
        if (bytes.size() < sizeof(T)) return std::nullopt;
        T out;
        std::memcpy(&out, bytes.data(), sizeof out);
        return out;
    }

private:
    std::ifstream in_;
    std::uint64_t size_ = 0;
};

std::string function_in(File& file, const Elf64_Shdr& symbols, const Elf64_Shdr& names, std::uint64_t offset) {
    const auto table = file.read(symbols.sh_offset, symbols.sh_size);
    for (std::size_t place = 0; place + sizeof(Elf64_Sym) <= table.size(); place += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        std::memcpy(&symbol, table.data() + place, sizeof symbol);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || offset < symbol.st_value ||
            offset >= symbol.st_value + symbol.st_size)
            continue;
        return demangled(file.read(names.sh_offset + symbol.st_name, kMangledBytesMax).c_str());
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
    File binary(file);
    const auto header = binary.at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64)
        return {};
    for (int section = 0; section < header->e_shnum; ++section) {
        const auto place = header->e_shoff + std::uint64_t{sizeof(Elf64_Shdr)} * static_cast<unsigned>(section);
        const auto symbols = binary.at<Elf64_Shdr>(place);
        if (!symbols) break;
        if (symbols->sh_type != SHT_SYMTAB) continue;
        const auto names = binary.at<Elf64_Shdr>(header->e_shoff + sizeof(Elf64_Shdr) * symbols->sh_link);
        if (names) return function_in(binary, *symbols, *names, offset);
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
