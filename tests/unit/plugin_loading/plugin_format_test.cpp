#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "host/plugin_loading/file_hash.hpp"
#include "host/plugin_loading/plugin_file.hpp"

namespace lantern::plugin_loading {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string header_bytes(unsigned short type, unsigned short machine, std::uint64_t sections_at) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_type = type;
    header.e_machine = machine;
    header.e_shoff = sections_at;
    header.e_shnum = 1;
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::string refusal_of(const std::string& bytes) {
    const auto checked = check_format("plugins/x.so", bytes);
    return checked ? "" : checked.error();
}

TEST(PluginFormat, SaysWhatAFileIsInstead) {
    EXPECT_THAT(refusal_of(""), AllOf(HasSubstr("plugins/x.so: found an empty file"), HasSubstr("expected an ELF"),
                                      HasSubstr("remedy: ")));
    EXPECT_THAT(refusal_of("hello, world\n"), HasSubstr("not a library, beginning with \"hello, world.\""));
    EXPECT_THAT(refusal_of(ELFMAG "short"), HasSubstr("a truncated library of 9 bytes"));
    EXPECT_THAT(refusal_of(header_bytes(ET_DYN, EM_S390, 0)), HasSubstr("for another machine"));
    EXPECT_THAT(refusal_of(header_bytes(ET_REL, EM_X86_64, 0)), HasSubstr("no shared library"));
}

TEST(PluginFormat, SeesThatAFileIsCutOff) {
    EXPECT_THAT(refusal_of(header_bytes(ET_DYN, EM_X86_64, 5000)),
                AllOf(HasSubstr("a truncated library of 64 bytes"), HasSubstr("speaks of 5064 bytes")));
    EXPECT_THAT(refusal_of(header_bytes(ET_DYN, EM_X86_64, ~std::uint64_t{0})), HasSubstr("truncated"));
}

TEST(PluginFormat, HashesAreSha1) {
    EXPECT_EQ(hex_hash("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

}  // namespace
}  // namespace lantern::plugin_loading
