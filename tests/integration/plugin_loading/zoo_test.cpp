// A directory full of bad libraries: each is refused with a message that names the file, what was found, what was
// expected and the remedy; everything else works.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "host/plugin_loading/description_parser.hpp"
#include "tests/integration/plugin_loading/zoo_fixture.hpp"

namespace lantern::test {
namespace {

namespace fs = std::filesystem;
using plugin_loading::Directory;
using plugin_loading::Library;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

MATCHER_P2(Refuses, file, found, "") {
    for (const std::string& part : {std::string(file) + ".so: found ", std::string("; expected "),
                                    std::string("; remedy: "), std::string(found)}) {
        if (arg.find(part) == std::string::npos) {
            *result_listener << "lacks \"" << part << "\"";
            return false;
        }
    }
    return true;
}

void truncate_library(const fs::path& file) {
    fs::resize_file(file, fs::file_size(file) / 2);
}

TEST_F(Zoo, EachBadLibraryIsRefusedAndAllOthersWork) {
    for (const char* good : {"good_projection", "good_side_effect", "good_aggregate", "good_schema"}) put(good);
    for (const char* bad : {"no_symbol", "wrong_major", "newer_minor", "small_table", "twin_one", "twin_two",
                            "order_dependent", "malformed_description", "throws_in_create", "hangs_in_create",
                            "refuses_in_create", "crashes_in_constructor", "exits_in_constructor"}) {
        put(bad);
    }
    put_text("text.so", "#!/bin/sh\necho hello\n");
    put_text("notes.txt", "not named *.so: none of ours");
    truncate_library(put("good_projection", "truncated"));
    fs::permissions(put("good_projection", "world_writable"), fs::perms::others_write, fs::perm_options::add);

    const Directory directory = scan();
    const auto refusal = [&](const std::string& name) { return refusal_of(directory, name + ".so"); };
    EXPECT_THAT(refusal("text"), Refuses("text", "not a library, beginning with \"#!/bin/sh"));
    EXPECT_THAT(refusal("no_symbol"), Refuses("no_symbol", "no symbol lantern_plugin"));
    EXPECT_THAT(refusal("wrong_major"), Refuses("wrong_major", "plugin contract 2.3; expected contract 1.3"));
    EXPECT_THAT(refusal("newer_minor"), Refuses("newer_minor", "plugin contract 1.7; expected at most 1.3"));
    EXPECT_THAT(refusal("small_table"), Refuses("small_table", "a lantern_plugin of 40 bytes"));
    EXPECT_THAT(refusal("throws_in_create"), AllOf(Refuses("throws_in_create", "crashes in create: SIGABRT"),
                                                   HasSubstr("no configuration for me")));
    EXPECT_THAT(refusal("hangs_in_create"), Refuses("hangs_in_create", "hangs in create: no answer within"));
    EXPECT_THAT(refusal("refuses_in_create"), Refuses("refuses_in_create", "the moon is not full"));
    EXPECT_THAT(refusal("crashes_in_constructor"),
                Refuses("crashes_in_constructor", "crashes in loading: SIGSEGV (Segmentation fault)"));
    EXPECT_THAT(refusal("exits_in_constructor"), Refuses("exits_in_constructor", "ended in loading with status 3"));
    EXPECT_THAT(refusal("twin_one"), AllOf(Refuses("twin_one", "the plugin name twin"), HasSubstr("twin_two.so")));
    EXPECT_THAT(refusal("twin_two"), AllOf(Refuses("twin_two", "the plugin name twin"), HasSubstr("twin_one.so")));
    EXPECT_THAT(refusal("world_writable"),
                AllOf(Refuses("world_writable", "writable by others"), HasSubstr("chmod go-w")));
    EXPECT_THAT(refusal("truncated"), Refuses("truncated", "a truncated library"));
    EXPECT_THAT(refusal("order_dependent"),
                AllOf(Refuses("order_dependent", "tables[0].columns[1].merge: found nothing"),
                      HasSubstr("between which there is no order")));
    EXPECT_THAT(refusal("malformed_description"),
                AllOf(Refuses("malformed_description", "a description with 2 problem(s)"),
                      HasSubstr("\"Malformed\""), HasSubstr("\"borrowed\"")));
    EXPECT_THAT(refusal_of(directory, "notes.txt"), HasSubstr("does not list"));

    for (const char* good : {"good_projection", "good_side_effect", "good_aggregate", "good_schema"}) {
        EXPECT_THAT(refusal(good), IsEmpty());
        const auto opened = directory.open(good);
        ASSERT_TRUE(opened) << opened.error();
        EXPECT_EQ(opened.value()->description().name, good);
        EXPECT_EQ(opened.value()->description().file, (plugins() / (std::string(good) + ".so")).string());
    }
    EXPECT_EQ(directory.open_all(PluginKind::schema).size(), 1u);
    EXPECT_THAT(directory.why_not("twin"), HasSubstr("which is also in"));
    EXPECT_THAT(directory.why_not("good_projektion"), HasSubstr("did you mean good_projection?"));
}

TEST_F(Zoo, OtherTablesUnderOneSchemaVersionAreTold) {
    put("tables_before");
    const auto before = *scan().find("tables_changed");
    fs::remove(plugins() / "tables_before.so");
    put("tables_after");
    const auto after = *scan().find("tables_changed");
    EXPECT_EQ(plugin_loading::declaration_conflict(before, 1, before.declaration), std::nullopt);
    EXPECT_THAT(*plugin_loading::declaration_conflict(after, before.schema_version, before.declaration),
                AllOf(HasSubstr("tables_after.so: found other tables"), HasSubstr("; expected"),
                      HasSubstr("raise schema_version to 2"), HasSubstr("column note (text) is gone"),
                      HasSubstr("column last_seen (text) is new")));
}

TEST_F(Zoo, ADirectoryThatOthersMayWriteIsRefused) {
    put("good_projection");
    fs::permissions(plugins(), fs::perms::others_write, fs::perm_options::add);
    const Directory directory = scan();
    EXPECT_EQ(directory.find("good_projection"), nullptr);
    EXPECT_THAT(directory.why_not("good_projection"), HasSubstr("a directory writable by others"));
    EXPECT_THAT(directory.open("good_projection").error(), HasSubstr("chmod go-w"));
}

TEST_F(Zoo, AMissingDirectoryIsOneRefusal) {
    const Directory directory(plugins() / "nowhere", options());
    ASSERT_EQ(directory.found().size(), 1u);
    EXPECT_THAT(directory.found()[0].refusal, HasSubstr("No such file or directory"));
}

TEST_F(Zoo, AChangedFileIsProbedAgainAndAnUnchangedOneIsNot) {
    const auto file = put("good_projection");
    Directory directory = scan();
    const std::string first_build = directory.find("good_projection")->build;
    // What the scan reads is the file's signature: it is not opened again.
    fs::remove_all(copies());
    directory.scan();
    EXPECT_FALSE(fs::exists(copies()));
    EXPECT_NE(directory.find("good_projection"), nullptr);

    fs::copy_file(zoo_library("tables_before"), plugins() / "next");
    fs::permissions(plugins() / "next", fs::perms::owner_all);
    fs::rename(plugins() / "next", file);
    directory.scan();
    EXPECT_EQ(directory.find("good_projection"), nullptr);
    ASSERT_NE(directory.find("tables_changed"), nullptr);
    EXPECT_NE(directory.find("tables_changed")->build, first_build);

    fs::remove(file);
    directory.scan();
    EXPECT_THAT(directory.found(), IsEmpty());
}

TEST_F(Zoo, ALoadedLibrarySurvivesThatItsFileIsOverwritten) {
    const auto file = put("good_aggregate");
    const Directory directory = scan();
    std::ofstream(file, std::ios::trunc) << "rubbish";
    const auto library = directory.open("good_aggregate");
    ASSERT_TRUE(library) << library.error();
    EXPECT_EQ(library.value()->aggregate()->state()->save().value(), "{\"count\": 0}");
}

TEST_F(Zoo, AnswersAreRemembered) {
    const auto file = put("good_projection");
    auto once = options();
    ASSERT_TRUE(probe(file, once));
    // A command that cannot answer: another program is another question, the same one is not asked again.
    auto never = options();
    never.command = {"/bin/false"};
    EXPECT_THAT(probe(file, never).error(), HasSubstr("ended in starting with status 1"));
    ASSERT_TRUE(probe(file, once));
    EXPECT_THAT(probe(file, never).error(), HasSubstr("ended in starting with status 1"));
}

TEST_F(Zoo, SettingsAreTriedInAChild) {
    put("good_projection");
    put("good_side_effect");
    const Directory directory = scan();
    EXPECT_EQ(directory.try_settings(*directory.find("good_side_effect"), R"({"to": "me"})"), std::nullopt);
    EXPECT_THAT(
        *directory.try_settings(*directory.find("good_side_effect"), "{}"),
        AllOf(HasSubstr("good_side_effect.so: found"), HasSubstr("nobody to send to"), HasSubstr("remedy")));
    EXPECT_THAT(*directory.try_settings(*directory.find("good_projection"), R"({"refuse": true})"),
                HasSubstr("told to refuse"));
}

TEST_F(Zoo, OpenRefusesLikeTheProbe) {
    const auto text = put_text("text.so", "hello");
    EXPECT_THAT(Library::open(text, {copies()}).error(), Refuses("text", "not a library"));
    EXPECT_THAT(Library::open(put("wrong_major"), {copies()}).error(),
                Refuses("wrong_major", "plugin contract 2.3"));
    EXPECT_THAT(Library::open(plugins() / "none.so", {copies()}).error(), Refuses("none", "cannot be opened"));
    EXPECT_TRUE(Library::open(put("good_schema"), {copies()}));
}

TEST_F(Zoo, CopiesThatOthersMayWriteAreNotTrusted) {
    const auto file = put("good_schema");
    fs::create_directory(copies());
    fs::permissions(copies(), fs::perms::all);
    EXPECT_THAT(Library::open(file, {copies()}).error(), HasSubstr("copies: found a directory writable by others"));
}

TEST_F(Zoo, ACopyThatWasDamagedIsMadeAnew) {
    const auto file = put("good_schema");
    const auto opened = Library::open(file, {copies()});
    ASSERT_TRUE(opened);
    const auto copy = copies() / (opened.value()->description().build + ".so");
    fs::remove(copy);
    std::ofstream(copy) << "damaged";
    ASSERT_TRUE(probe(file, options()));
    EXPECT_EQ(fs::file_size(copy), fs::file_size(file));
}

}  // namespace
}  // namespace lantern::test
