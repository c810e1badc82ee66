// The server over TLS, as curl and openssl see it.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "host/core/fault.hpp"
#include "host/http/server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/http/socket_client.hpp"

namespace lantern::http {
namespace {

using testing::HasSubstr;

// Its output, errors too.
std::string output_of(const std::string& command) {
    std::string output;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> part{};
    while (const auto got = ::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), got);
    ::pclose(pipe);
    return output;
}

class TlsTest : public testing::Test {
protected:
    TlsTest() {
        std::string name = "/tmp/lantern-tls-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        make("first");
    }
    ~TlsTest() override { std::filesystem::remove_all(directory_); }

    std::string file(const std::string& name) const { return (directory_ / name).string(); }
    // NAME.pem and NAME.key
    void make(const std::string& name) const {
        output_of(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + name +
            " -addext subjectAltName=IP:127.0.0.1 -keyout " + file(name + ".key") + " -out " + file(name + ".pem"));
    }
    ServerOptions options(const std::string& certificate = "first.pem",
                          const std::string& key = "first.key") const {
        ServerOptions options;
        options.tls = TlsSettings{file(certificate), file(key)};
        options.tls_look = Milliseconds{10};
        options.drain = Milliseconds{50};
        options.body_bytes_max = 1000;
        return options;
    }
    static Server::Handler echo() {
        return [](Request request, Respond respond) {
            respond({200, "echo " + request.target + " " + request.body, "text/plain", {}});
        };
    }
    std::string curl(const Server& server, const std::string& words,
                     const std::string& authority = "first.pem") const {
        return output_of("curl -sS -i --max-time 120 --cacert " + file(authority) + " " + words +
                         " https://127.0.0.1:" + std::to_string(server.port()) + "/x");
    }
    std::string refusal(const ServerOptions& options) const {
        try {
            const Server server(options, echo());
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.kind(), FaultKind::configuration);
            return fault.what();
        }
        return "none";
    }

    std::filesystem::path directory_;
};

TEST_F(TlsTest, answers_over_tls_1_2_and_1_3_and_nothing_older) {
    Server server(options(), echo());
    for (const char* version : {"--tlsv1.2 --tls-max 1.2", "--tlsv1.3"})
        EXPECT_THAT(curl(server, version), HasSubstr("echo /x"));
    EXPECT_THAT(curl(server, "--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0"), HasSubstr("curl: ("));
    EXPECT_THAT(curl(server, "-d abc"), HasSubstr("echo /x abc"));
    EXPECT_THAT(curl(server, "-d " + std::string(10'000, 'x')), HasSubstr(" 413 "));
    Client plain(server.port());
    plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(plain.ended());
    server.stop();
}

TEST_F(TlsTest, a_certificate_that_was_renewed_is_shown_and_a_broken_one_is_not) {
    for (const char* part : {".pem", ".key"})
        std::filesystem::copy(file(std::string("first") + part), file(std::string("live") + part));
    auto with_news = options("live.pem", "live.key");
    std::atomic<int> renewed = 0, refused = 0;
    with_news.tls_news = [&](const std::string&, bool bad) { ++(bad ? refused : renewed); };
    Server server(with_news, echo());
    EXPECT_THAT(curl(server, ""), HasSubstr("echo /x"));
    std::ofstream(file("live.pem")) << "no certificate";
    EXPECT_TRUE(test::eventually([&] { return refused > 0; }));
    EXPECT_THAT(curl(server, ""), HasSubstr("echo /x"));
    make("second");
    for (const char* part : {".pem", ".key"})
        std::filesystem::rename(file(std::string("second") + part), file(std::string("live") + part));
    EXPECT_TRUE(test::eventually([&] { return renewed > 0; }));
    EXPECT_TRUE(
        test::eventually([&] { return curl(server, "", "live.pem").find("echo /x") != std::string::npos; }));
}

TEST_F(TlsTest, files_that_cannot_be_used_are_named) {
    make("other");
    EXPECT_THAT(refusal(options("none.pem")), HasSubstr("none.pem: "));
    EXPECT_THAT(refusal(options("first.key")), HasSubstr("first.key: no certificate in PEM form"));
    EXPECT_THAT(refusal(options("first.pem", "first.pem")), HasSubstr("first.pem: no unencrypted private key"));
    EXPECT_THAT(refusal(options("first.pem", "other.key")), HasSubstr("other.key: this key is not the one of"));
    output_of("openssl ec -aes128 -passout pass:secret -in " + file("first.key") + " -out " + file("locked.key"));
    EXPECT_THAT(refusal(options("first.pem", "locked.key")), HasSubstr("locked.key: no unencrypted private key"));
}

}  // namespace
}  // namespace lantern::http
