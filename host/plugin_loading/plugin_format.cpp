// Reads just enough of ELF-64 (System V ABI, "Object Files") to say in plain words why a file cannot be a plugin:
// the dynamic loader would say it in fewer words, or end the process with a bus error where a file is cut off.
#include <elf.h>

#include <algorithm>
#include <cstring>

#include "host/plugin_loading/plugin_file.hpp"

namespace lantern::plugin_loading {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
constexpr const char* kMachineName = "AArch64";
#else
#error "the plugin loader knows x86-64 and AArch64"
#endif

const std::string kExpected = std::string("an ELF shared library for ") + kMachineName;
constexpr const char* kRemedy =
    "build the plugin with lantern_add_plugin and copy its .so here, renamed into place";

template <class T>
T read_at(std::string_view bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

std::string first_bytes(std::string_view bytes) {
    std::string shown;
    for (const char c : bytes.substr(0, 16)) shown.push_back(c >= 0x20 && c < 0x7f ? c : '.');
    return '"' + shown + '"';
}

// Where the last section or segment ends.
std::size_t end_of_content(const Elf64_Ehdr& header, std::string_view bytes) {
    std::size_t end = sizeof header;
    const auto grow = [&](std::uint64_t offset, std::uint64_t size) {
        const std::uint64_t last = offset + size;
        end = std::max<std::size_t>(end, last < offset ? SIZE_MAX : last);
    };
    grow(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
    grow(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
    if (end > bytes.size()) return end;
    for (unsigned at = 0; at < header.e_phnum; ++at) {
        const auto segment = read_at<Elf64_Phdr>(bytes, header.e_phoff + at * sizeof(Elf64_Phdr));
        grow(segment.p_offset, segment.p_filesz);
    }
    for (unsigned at = 0; at < header.e_shnum; ++at) {
        const auto section = read_at<Elf64_Shdr>(bytes, header.e_shoff + at * sizeof(Elf64_Shdr));
        if (section.sh_type != SHT_NOBITS) grow(section.sh_offset, section.sh_size);
    }
    return end;
}

}  // namespace

Result<void> check_format(const std::filesystem::path& file, std::string_view bytes) {
    if (bytes.empty()) return failure(refusal(file, "an empty file", kExpected, kRemedy));
    if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
        return failure(refusal(file, "a file that is not a library, beginning with " + first_bytes(bytes),
                               kExpected, kRemedy));
    }
    const char* again = "copy it again, under another name first, then rename it into place";
    if (bytes.size() < sizeof(Elf64_Ehdr)) {
        return failure(refusal(file, "a truncated library of " + std::to_string(bytes.size()) + " bytes",
                               "a whole one", again));
    }
    const auto header = read_at<Elf64_Ehdr>(bytes, 0);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine) {
        return failure(
            refusal(file, "a library for another machine (ELF machine " + std::to_string(header.e_machine) + ")",
                    kExpected, "build it for this machine"));
    }
    if (header.e_type != ET_DYN) {
        return failure(
            refusal(file, "an ELF file that is no shared library (ELF type " + std::to_string(header.e_type) + ")",
                    kExpected, kRemedy));
    }
    const std::size_t end = end_of_content(header, bytes);
    if (end > bytes.size()) {
        return failure(refusal(file, "a truncated library of " + std::to_string(bytes.size()) + " bytes",
                               "a whole one, whose header speaks of " + std::to_string(end) + " bytes", again));
    }
    return boost::outcome_v2::success();
}

}  // namespace lantern::plugin_loading
