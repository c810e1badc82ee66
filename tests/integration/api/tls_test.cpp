// A whole api under its host that speaks TLS by lantern.yaml, as curl sees it.
#include <fstream>

#include "host/postgres/migrate.hpp"
#include "host/private_servers/place.hpp"
#include "tests/integration/api/api_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TlsApiTest : public testing::Test {
protected:
    TlsApiTest() {
        postgres::migrate(database_);
        std::filesystem::copy(LANTERN_CONFIG, config_, std::filesystem::copy_options::recursive);
        std::filesystem::create_directory(config_ / "tls");
        std::ifstream in(std::filesystem::path(LANTERN_CONFIG) / "lantern.yaml");
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string off = "# tls: {certificate: tls/chain.pem, key: tls/key.pem}";
        text.replace(text.find(off), off.size(), off.substr(2));
        std::ofstream(config_ / "lantern.yaml") << text;
        std::ofstream(config_ / "routing.yaml") << "version: 1\nevents: {USER_CREATED: [user_read_model]}\n";
    }

    static processes::Finished run(std::vector<std::string> words) {
        return processes::run({.argv = std::move(words)}, std::chrono::minutes(4));
    }
    // NAME.pem and NAME.key, self-made.
    void make(const std::string& name) const {
        const auto made =
            run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 directory_ / (name + ".key"), "-out", directory_ / (name + ".pem")});
        ASSERT_TRUE(made.ended.clean()) << made.output;
    }
    // What the settings name is this certificate from now on.
    void put(const std::string& name) const {
        const auto onto = std::filesystem::copy_options::overwrite_existing;
        std::filesystem::copy_file(directory_ / (name + ".pem"), config_ / "tls" / "chain.pem", onto);
        std::filesystem::copy_file(directory_ / (name + ".key"), config_ / "tls" / "key.pem", onto);
    }
    processes::Program lantern(const std::vector<std::string>& words) const {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "--config", config_, "--plugins", LANTERN_PLUGINS};
        program.argv.insert(program.argv.begin() + 1, words.begin(), words.end());
        program.environment = {{"LANTERN_POSTGRES_URL", database_},
                               {"LANTERN_HTTP_PORT", port_},
                               {"LANTERN_METRICS_PORT", "0"},
                               {"LANTERN_ADMIN_TOKEN", ApiProcesses::kToken},
                               {"LANTERN_CACHE_DIR", (directory_ / "cache").string()}};
        return program;
    }
    // Once it says that it is ready.
    std::unique_ptr<processes::Child> ready_host() const {
        const auto ready = directory_ / "ready";
        std::filesystem::remove(ready);
        auto starting = lantern({"host", "--roles", "api", "--ready-file", ready});
        starting.output = directory_ / "log";
        auto host = std::make_unique<processes::Child>(starting);
        EXPECT_TRUE(eventually([&] { return std::filesystem::exists(ready); }, std::chrono::minutes(2))) << log();
        return host;
    }
    std::string log() const {
        std::ifstream in(directory_ / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // Headers and body, or curl's complaint.
    std::string curl(const std::string& authority, const std::string& path,
                     std::vector<std::string> words = {}) const {
        words.insert(words.begin(),
                     {"curl", "-sS", "-i", "--max-time", "120", "--cacert", directory_ / (authority + ".pem"), "-H",
                      std::string("Authorization: Bearer ") + ApiProcesses::kToken});
        words.push_back("https://127.0.0.1:" + port_ + path);
        return run(words).output;
    }
    bool serves(const std::string& authority) const {
        return eventually([&] { return curl(authority, "/readyz").find(" 200 ") != std::string::npos; });
    }

    const std::string database_ = fresh_database(), port_ = std::to_string(private_servers::free_port());
    const std::filesystem::path directory_ = fresh_directory(), config_ = directory_ / "config";
};

TEST_F(TlsApiTest, a_host_with_a_certificate_serves_https_alone_and_another_certificate_after_a_restart) {
    make("first");
    make("second");
    put("first");
    auto host = ready_host();
    EXPECT_TRUE(serves("first")) << curl("first", "/readyz") << log();
    EXPECT_THAT(curl("first", "/v1/users/",
                     {"-H", "Content-Type: application/json", "-d",
                      R"({"username":"tess","email":"tess@example.com","first_name":"T","last_name":"S",)"
                      R"("password":"correct horse"})"}),
                AllOf(HasSubstr(" 201 "), HasSubstr("Location: /v1/users/")))
        << log();
    const auto plain = run({"curl", "-sS", "-i", "--max-time", "120", "http://127.0.0.1:" + port_ + "/readyz"});
    EXPECT_THAT(plain.output, AllOf(HasSubstr("curl: ("), Not(HasSubstr("HTTP/1.1"))));
    EXPECT_THAT(curl("second", "/readyz"), HasSubstr("curl: (60)")) << "not the one that it shows";
    EXPECT_TRUE(serves("first")) << "after a client that spoke no TLS";
    EXPECT_TRUE(host->stop(std::chrono::minutes(4)).clean()) << log();

    put("second");
    host = ready_host();
    EXPECT_TRUE(serves("second")) << curl("second", "/readyz") << log();
    EXPECT_TRUE(host->stop(std::chrono::minutes(4)).clean()) << log();
}

TEST_F(TlsApiTest, a_file_that_is_missing_or_wrong_ends_api_and_host_and_is_named) {
    make("first");
    make("second");
    for (const auto& words :
         {std::vector<std::string>{"api"}, std::vector<std::string>{"host", "--roles", "api"}}) {
        put("first");
        std::filesystem::remove(config_ / "tls" / "key.pem");
        const auto without = processes::run(lantern(words), std::chrono::minutes(2));
        EXPECT_EQ(without.ended.exit_code, 2) << without.output;
        EXPECT_THAT(without.output, HasSubstr("http.tls: " + (config_ / "tls" / "key.pem").string() + ": "));
        std::filesystem::copy_file(directory_ / "second.key", config_ / "tls" / "key.pem");
        const auto another = processes::run(lantern(words), std::chrono::minutes(2));
        EXPECT_EQ(another.ended.exit_code, 2) << another.output;
        EXPECT_THAT(another.output,
                    AllOf(HasSubstr("http.tls: "), HasSubstr("this key is not the one of the certificate " +
                                                             (config_ / "tls" / "chain.pem").string())));
    }
}

}  // namespace
}  // namespace lantern::test
