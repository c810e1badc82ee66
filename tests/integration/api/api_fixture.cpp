#include "tests/integration/api/api_fixture.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "host/postgres/migrate.hpp"
#include "host/private_servers/place.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

// The bundled configuration, but with all processes serving.
std::filesystem::path configuration() {
    const auto copy = fresh_directory() / "config";
    std::filesystem::copy(LANTERN_CONFIG, copy, std::filesystem::copy_options::recursive);
    std::stringstream text;
    text << std::ifstream(copy / "lantern.yaml").rdbuf();
    const std::string one = "serving: 1 ";
    auto changed = text.str();
    changed.replace(changed.find(one), one.size(), "serving: 2 ");
    std::ofstream(copy / "lantern.yaml") << changed;
    return copy;
}

}  // namespace

ApiProcesses::ApiProcesses(int count) : database_(fresh_database()) {
    postgres::migrate(database_);
    const auto port = std::to_string(private_servers::free_port());
    url_ = "http://127.0.0.1:" + port;
    processes::Program program;
    program.argv = {LANTERN_BINARY, "api", "--config", configuration(), "--plugins", LANTERN_PLUGINS};
    program.environment = {{"LANTERN_POSTGRES_URL", database_},
                           {"LANTERN_HTTP_PORT", port},
                           {"LANTERN_ADMIN_TOKEN", kToken},
                           {"LANTERN_LOG_LEVEL", "warn"},
                           {"LANTERN_TOKEN_KEY", kTokenKey},
                           {"LANTERN_RESET_KEY", kResetKey},
                           {"LANTERN_CACHE_DIR", (fresh_directory() / "cache").string()}};
    for (int n = 0; n < count; ++n) children_.push_back(std::make_unique<processes::Child>(program));
    // Each answers sometimes: the kernel spreads connections. So all of them listen once many calls in a row do.
    EXPECT_TRUE(eventually([this] {
        for (int n = 0; n < 20; ++n)
            if (!ready()) return false;
        return true;
    })) << "the api does not become ready";
    described_ = std::make_unique<Described>(http(url_, {"GET", "/openapi.json"}).body);
}

void ApiProcesses::stop() {
    for (auto& child : children_) child->signal(SIGTERM);
    for (std::size_t n = 0; n < children_.size(); ++n) EXPECT_TRUE(wait_for_end(n).clean());
}

processes::Ended ApiProcesses::wait_for_end(std::size_t which) {
    const auto ended = children_.at(which)->wait(std::chrono::minutes(3));
    EXPECT_TRUE(ended) << "the api does not end";
    return ended.value_or(processes::Ended{-1, 0});
}

long ApiProcesses::memory_kib() const {
    long pages = 0;
    for (const auto& child : children_) {
        long total = 0, resident = 0;
        std::ifstream("/proc/" + std::to_string(child->pid()) + "/statm") >> total >> resident;
        pages += resident;
    }
    return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

HttpAnswer ApiProcesses::call(const std::string& method, const std::string& path, const std::string& body,
                              std::map<std::string, std::string> headers) const {
    headers["Authorization"] = std::string("Bearer ") + kToken;
    return send({method, path, body, std::move(headers)});
}

HttpAnswer ApiProcesses::send(const HttpRequest& request) const {
    auto answer = http(url_, request);
    EXPECT_EQ(described_->complaint(request.method, request.path, answer), "");
    return answer;
}

void ApiTest::SetUpTestSuite() {
    api_ = std::make_unique<ApiProcesses>();
}

void ApiTest::TearDownTestSuite() {
    api_->stop();
    api_.reset();
}

boost::json::object ApiTest::json(const HttpAnswer& answer) {
    boost::system::error_code malformed;
    const auto value = boost::json::parse(answer.body, malformed);
    EXPECT_TRUE(!malformed && value.is_object()) << answer.status << " " << answer.body;
    return value.is_object() ? value.as_object() : boost::json::object{};
}

std::string ApiTest::kind(const HttpAnswer& answer) {
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json") << answer.body;
    const auto problem = json(answer);
    EXPECT_EQ(problem.at("status").as_int64(), answer.status);
    for (const auto* member : {"type", "title", "detail"}) EXPECT_TRUE(problem.contains(member)) << answer.body;
    return std::string(problem.at("type").as_string()).substr(std::string("urn:lantern:problem:").size());
}

std::string ApiTest::user_body(const std::string& name, const std::string& password) {
    return boost::json::serialize(boost::json::object{{"username", name},
                                                      {"email", name + "@example.com"},
                                                      {"first_name", "First"},
                                                      {"last_name", "Last"},
                                                      {"password", password}});
}

HttpAnswer ApiTest::create(const std::string& name) {
    return call("POST", "/v1/users/", user_body(name));
}

std::string ApiTest::created(const std::string& name) {
    const auto answer = create(name);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return json(answer).at("id").as_string().c_str();
}

}  // namespace lantern::test
