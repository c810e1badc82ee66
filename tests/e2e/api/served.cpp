#include "tests/e2e/api/served.hpp"

#include <fstream>
#include <iterator>

namespace lantern::test {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void edit(const fs::path& file, const std::string& before, const std::string& text) {
    auto all = content(file);
    const auto at = all.find(before);
    ASSERT_NE(at, std::string::npos) << file << " has no " << before;
    all.insert(at, text);
    std::ofstream(file) << all;
}

void write_config(const fs::path& config) {
    fs::copy(fs::path(SOURCE_DIRECTORY) / "config", config, fs::copy_options::recursive);
    const auto routing = config / "routing.yaml";
    auto text = content(routing);
    for (const std::string type : {"USER_CREATED", "USER_UPDATED"}) {
        const auto at = text.find('[', text.find("\n  " + type + ":"));
        text.insert(at + 1, type == "USER_CREATED" ? "strict_read_model, traced, wild, " : "strict_read_model, ");
    }
    text +=
        "  user_read_model: {retry: {attempts: 3, initial: 1h, max: 1h, jitter: none}}\n"
        "  strict_read_model: {plugin: user_read_model, retry: {attempts: 1}}\n"
        "  wild: {settings: {at: crasher, do: crash}}\n";
    std::ofstream(routing) << text;
    edit(config / "lantern.yaml", "    - {show: history",
         "    - {show: row, path: \"/v1/strict/{id}/\", aggregate: user, handler: strict_read_model, table: users,"
         " scope: \"user:read\"}\n");
    std::ofstream(config / "schemas/ORDER_PLACED.1.json")
        << R"({"type":"object","required":["pieces"],"properties":{"pieces":{"type":"integer"}}})";
}

}  // namespace

void ServedTest::SetUpTestSuite() {
    if (instance) return;
    struct End final : testing::Environment {
        void TearDown() override { instance.reset(); }
    };
    testing::AddGlobalTestEnvironment(new End);
    place = fresh_directory();
    fs::create_directory(place / "plugins");
    for (const fs::path directory : {PLUGIN_DIRECTORY, TRACED_DIRECTORY})
        for (const auto& entry : fs::directory_iterator(directory))
            if (entry.path().extension() == ".so")
                fs::copy_file(entry.path(), place / "plugins" / entry.path().filename());
    fs::copy_file(fs::path(ZOO_DIRECTORY) / "wild.so", place / "plugins/wild.so");
    write_config(place / "config");
    instance = std::make_unique<DevInstance>(Place{place / "dev", place / "config", place / "plugins"});
    const auto started = instance->start();
    ASSERT_TRUE(started.ended.clean()) << started.output;
}

boost::json::object ServedTest::json(const HttpAnswer& answer) {
    boost::system::error_code malformed;
    const auto value = boost::json::parse(answer.body, malformed);
    EXPECT_TRUE(!malformed && value.is_object()) << answer.status << " " << answer.body;
    return !malformed && value.is_object() ? value.as_object() : boost::json::object{};
}

std::string ServedTest::created(const std::string& name) {
    const auto answer = instance->create_user(name);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return id_of(answer);
}

HttpAnswer ServedTest::as(const std::string& token, HttpRequest request) {
    if (!token.empty()) request.headers["Authorization"] = "Bearer " + token;
    return http(instance->endpoint("http_url"), request);
}

HttpAnswer ServedTest::log_in(const std::string& name, const std::string& password) {
    return as("", {"POST",
                   "/v1/auth/login/",
                   boost::json::serialize(boost::json::object{{"username", name}, {"password", password}}),
                   {}});
}

std::string ServedTest::token_of(const std::string& name) {
    const auto answer = log_in(name);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? json(answer).at("token").as_string().c_str() : "";
}

std::string ServedTest::one(const std::string& statement) {
    const auto rows = instance->sql(statement);
    return rows.empty() ? std::string() : rows.text(0, 0);
}

std::string ServedTest::mail(const std::string& to, const std::string& word) {
    std::string found;
    EXPECT_TRUE(eventually([&] {
        for (const auto& entry : fs::directory_iterator(instance->data() / "mail")) {
            const auto text = content(entry.path());
            if (entry.path().extension() != ".eml" || text.find(to) == std::string::npos) continue;
            if (text.find(word) != std::string::npos) found = text;
        }
        return !found.empty();
    })) << "no mail to "
        << to;
    return found;
}

std::string ServedTest::logged() {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(instance->data() / "log"))
        if (entry.is_regular_file()) all += content(entry.path());
    return all;
}

}  // namespace lantern::test
