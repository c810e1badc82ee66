// `lantern plugin ...` as a person types it, with the real program.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/integration/plugin_loading/zoo_fixture.hpp"

namespace lantern::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;

struct Ran {
    int code = -1;
    std::string output;  // both streams
};

Ran run(const std::string& command) {
    Ran ran;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer;
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        ran.output.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

class PluginVerbs : public Zoo {
protected:
    PluginVerbs() { ::setenv("LANTERN_CACHE_DIR", copies().c_str(), 1); }

    Ran lantern(const std::string& words) { return run(LANTERN_PROGRAM " plugin " + words); }
    std::string directory() { return plugins().string(); }
};

TEST_F(PluginVerbs, ListShowsPluginsAndRefusals) {
    put("good_projection");
    put("good_schema");
    const auto good = lantern("list --plugins " + directory());
    EXPECT_EQ(good.code, 0) << good.output;
    EXPECT_THAT(good.output, AllOf(HasSubstr("good_projection"), HasSubstr("1.2.3"), HasSubstr("schema")));

    put("wrong_major");
    put("crashes_in_constructor");
    const auto bad = lantern("list --plugins " + directory());
    EXPECT_EQ(bad.code, 1);
    EXPECT_THAT(bad.output,
                AllOf(HasSubstr("good_projection"), HasSubstr("wrong_major.so: found plugin contract 2."),
                      HasSubstr("crashes in loading: SIGSEGV")));

    const auto as_json = json::parse(lantern("list -o json --plugins " + directory()).output);
    EXPECT_EQ(as_json.at("plugins").as_array().size(), 4u);
    EXPECT_EQ(as_json.at("plugins").at(1).at("schema_version").as_int64(), 3);
}

TEST_F(PluginVerbs, CheckSaysWhatAPluginIsOrWhatIsWrong) {
    const auto good = lantern("check " + put("good_projection").string());
    EXPECT_EQ(good.code, 0);
    EXPECT_THAT(good.output, AllOf(HasSubstr("good_projection 1.2.3"), HasSubstr("table days, shared"),
                                   HasSubstr("UPSERT (up to version 2)")));
    const auto bad = lantern("check " + put("throws_in_create").string());
    EXPECT_EQ(bad.code, 1);
    EXPECT_THAT(bad.output, AllOf(HasSubstr("crashes in create"), HasSubstr("no configuration for me")));
}

TEST_F(PluginVerbs, RunShowsTheRowsThatWouldBeWritten) {
    const auto file = put("good_projection").string();
    put("good_schema");  // beside it: upcasts UPSERT 1 to 2
    const auto events = put_text("events.jsonl",
                                 R"({"type": "UPSERT", "subject": "person/sarah", "data": "Sarah"}
{"type": "ADD", "subject": "person/sarah", "time": "2026-11-23T15:47:00Z"}
{"type": "ADD", "subject": "person/john"}
{"type": "UNKNOWN", "subject": "person/john"}
{"type": "FIND", "subject": "person/sarah"}
)");
    const auto ran = lantern("run " + file + " --events " + events.string() + " -o json");
    ASSERT_EQ(ran.code, 0) << ran.output;
    const auto shown = json::parse(ran.output);
    EXPECT_EQ(json::serialize(shown.at("tables").at("people").at(0).at("name")), R"("{\"was\": \"Sarah\"}")");
    EXPECT_EQ(json::serialize(shown.at("tables").at("days")),
              R"([{"day":"2026-11-23","count":2,"first":null,"last_name":null,"last_note":null}])");
    EXPECT_THAT(std::string(shown.at("events").at(3).at("answer").as_string()), HasSubstr("not routed"));
    EXPECT_THAT(std::string(shown.at("events").at(4).at("answer").as_string()), HasSubstr("sarah is"));

    // An order-dependent verb fails the event and holds back its stream alone.
    const auto failing = put_text("failing.jsonl", R"({"type": "UPSERT_SHARED", "subject": "person/sarah"}
{"type": "ADD", "subject": "person/sarah"}
{"type": "ADD", "subject": "person/john"}
)");
    const auto failed = lantern("run " + file + " --events " + failing.string());
    EXPECT_EQ(failed.code, 1);
    EXPECT_THAT(failed.output, AllOf(HasSubstr("upsert on a shared table"), HasSubstr("waits: an earlier event"),
                                     HasSubstr("1 row\n")));
}

TEST_F(PluginVerbs, RunDoesNotActOnTheWorld) {
    const auto file = put("good_side_effect").string();
    const auto events = put_text("events.jsonl", R"({"type": "SEEN", "subject": "person/sarah"})");
    const auto ran = lantern("run " + file + R"( --settings '{"to": "me"}' --events )" + events.string());
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.output, HasSubstr("no projection"));
}

TEST_F(PluginVerbs, ANewPluginBuildsPassesItsTestAndIsOne) {
    const std::string prefix = directory() + "/prefix";
    ASSERT_EQ(run("cmake --install " LANTERN_BUILD " --component sdk --prefix " + prefix).code, 0);
    for (const std::string kind : {"projection", "side_effect", "aggregate", "schema"}) {
        const std::string name = "my_" + kind;
        const std::string project = directory() + "/" + name;
        const std::string build = project + "/build";
        ASSERT_EQ(lantern("new " + name + " --kind " + kind + " --into " + directory()).code, 0);
        const auto built = run("cmake -S " + project + " -B " + build + " -DCMAKE_PREFIX_PATH=" + prefix +
                               " && cmake --build " + build + " && ctest --output-on-failure --test-dir " + build);
        EXPECT_EQ(built.code, 0) << built.output;
        EXPECT_THAT(built.output, HasSubstr("100% tests passed, 0 tests failed out of 1"));
        const auto checked = lantern("check " + build + "/" + name + ".so");
        EXPECT_EQ(checked.code, 0) << checked.output;
        EXPECT_THAT(checked.output, HasSubstr(kind));
    }
    const auto ran = lantern("run " + directory() + "/my_projection/build/my_projection.so --events " +
                             directory() + "/my_projection/events.jsonl");
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.output, AllOf(HasSubstr("table things: 2 rows"), HasSubstr("second")));
    EXPECT_EQ(lantern("new my_projection --kind projection --into " + directory()).code, 1);
    EXPECT_EQ(lantern("new 1st --kind projection --into " + directory()).code, 1);
}

}  // namespace
}  // namespace lantern::test
