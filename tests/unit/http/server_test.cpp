// The server over real sockets of this machine.
#include "host/http/server.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/core/fault.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/http/socket_client.hpp"

namespace lantern::http {
namespace {

using testing::HasSubstr;

// Holds requests until they are released.
class Desk {
public:
    void take(Request request, Respond respond) {
        std::lock_guard lock(mutex_);
        if (open_) return respond({200, "echo " + request.target + " " + request.body, "text/plain", {}});
        held_.push_back(std::move(respond));
        changed_.notify_all();
    }
    void hold() {
        std::lock_guard lock(mutex_);
        open_ = false;
    }
    void wait_for_one() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !held_.empty(); });
    }
    void release() {
        std::lock_guard lock(mutex_);
        for (auto& respond : held_) respond({200, "at last", "text/plain", {}});
        held_.clear();
    }
    void drop() {
        std::lock_guard lock(mutex_);
        held_.clear();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    std::vector<Respond> held_;
};

class ServerTest : public testing::Test {
protected:
    Desk desk;
    Server server{{"127.0.0.1", 0, 1000, 100, Milliseconds{50}},
                  [this](Request request, Respond respond) { desk.take(std::move(request), std::move(respond)); }};

    static std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
};

TEST_F(ServerTest, a_connection_is_kept_for_many_requests) {
    Client client(server.port());
    for (int n = 0; n < 5; ++n) {
        client.send(get("/" + std::to_string(n) + "?a=b"));
        EXPECT_THAT(client.read_until("echo /" + std::to_string(n) + "?a=b "), HasSubstr("HTTP/1.1 200 OK"));
    }
}

TEST_F(ServerTest, bodies_come_whole_also_in_chunks_and_trickles) {
    Client client(server.port());
    client.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    client.send("2\r\nde\r\n0\r\n\r\n");
    EXPECT_THAT(client.read_until("echo /x abcde"), HasSubstr("200 OK"));
    client.send("POST /y HTTP/1.1\r\nHo");
    client.send("st: x\r\nContent-Length: 4\r\n\r\nab");
    client.send("cd");
    EXPECT_THAT(client.read_until("echo /y abcd"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, what_cannot_be_parsed_or_is_far_too_large_is_told_so) {
    const std::string post = "POST /x HTTP/1.1\r\nHost: x\r\n";
    std::string many = post;
    for (int n = 0; n < 120; ++n) many += "X-" + std::to_string(n) + ": y\r\n";
    const std::vector<std::pair<std::string, std::string>> sent{
        {"hello\r\n\r\n", "501 "},
        {"GET / HTTP/x\r\n\r\n", "400 "},
        {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", "414 "},
        {post + "X-Large: " + std::string(17000, 'x') + "\r\n\r\n", "431 "},
        {many + "\r\n", "431 "},
        {post + "Content-Length: 100000\r\n\r\n", "413 "},
        {post + "Content-Length: 100000\r\n\r\n" + std::string(100'000, 'x'), "413 "},
        {post + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(0x20000, 'x'), "413 "}};
    for (const auto& [text, status] : sent) {
        Client client(server.port());
        client.send(text);
        const auto answer = client.read_until("never");  // the answer is the connection's last
        EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 " + status)) << text.substr(0, 60);
        EXPECT_THAT(answer, HasSubstr("application/problem+json"));
        EXPECT_THAT(answer, HasSubstr("\"detail\":"));
    }
    Client fine(server.port());
    fine.send(get("/after"));
    EXPECT_THAT(fine.read_until("echo /after"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, head_has_the_headers_of_get_and_no_body) {
    Client client(server.port());
    client.send("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
    const auto head = client.read_until("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("200 OK"));
    EXPECT_THAT(head, HasSubstr("Content-Length: 8\r\n"));
    EXPECT_THAT(client.read_until("echo /next"), testing::StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, a_dropped_request_is_answered_with_500) {
    desk.hold();
    Client client(server.port());
    client.send(get("/"));
    desk.wait_for_one();
    desk.drop();
    EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("500 Internal Server Error"));
}

TEST_F(ServerTest, stopping_answers_what_was_taken) {
    desk.hold();
    Client client(server.port());
    Client idle(server.port());
    client.send(get("/"));
    desk.wait_for_one();
    std::thread stopping([this] { server.stop(); });
    // The listening socket goes at once, the request in hand does not.
    while (Client(server.port()).connected()) std::this_thread::yield();
    desk.release();
    EXPECT_THAT(client.read_until("at last"), HasSubstr("Connection: close"));
    EXPECT_TRUE(client.ended());
    stopping.join();
    EXPECT_TRUE(idle.ended());
    server.stop();
}

TEST_F(ServerTest, two_servers_share_a_port) {
    Server other({"127.0.0.1", server.port(), 1000, 100, Milliseconds{50}}, [](Request, Respond respond) {
        respond({200, "other", "text/plain", {}});
    });
    EXPECT_EQ(other.port(), server.port());
    bool own = false, shared = false;
    // The kernel spreads connections by their hash; that one of many reaches each server is certain enough.
    for (int n = 0; n < 200 && !(own && shared); ++n) {
        Client client(server.port());
        client.send(get("/"));
        const auto answer = client.read_until("\r\n\r\n") + client.read_until(n ? "o" : "e");
        (answer.find("Content-Length: 5") != std::string::npos ? shared : own) = true;
    }
    EXPECT_TRUE(own);
    EXPECT_TRUE(shared);
}

TEST(Server, connections_beyond_the_limit_are_closed_and_later_ones_served) {
    Server server({"127.0.0.1", 0, 1000, 2, Milliseconds{50}}, [](Request, Respond respond) {
        respond({200, "here", "text/plain", {}});
    });
    const auto served = [](Client& client) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.read_until("here").find("200 OK") != std::string::npos;
    };
    {
        Client one(server.port()), two(server.port());
        EXPECT_TRUE(served(one));
        EXPECT_TRUE(served(two));
        Client three(server.port());
        EXPECT_FALSE(served(three));
    }
    EXPECT_TRUE(test::eventually([&] {
        Client client(server.port());
        return served(client);
    }));
}

TEST(Server, who_sends_too_slowly_or_nothing_is_cut_off) {
    ServerOptions options;
    options.read_limit = Milliseconds{100};
    Server server(options, [](Request, Respond respond) { respond({200, "here", "text/plain", {}}); });
    Client silent(server.port()), header(server.port()), body(server.port());
    header.send("GET / HT");
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab");
    EXPECT_TRUE(silent.ended());
    EXPECT_TRUE(header.ended());
    EXPECT_TRUE(body.ended());
}

TEST(Server, says_why_it_cannot_listen) {
    try {
        Server server({"192.0.2.1", 1, 1000, 100, Milliseconds{50}}, [](Request, Respond) {});
        FAIL() << "listened on an address that is none of ours";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.kind(), FaultKind::configuration);
        EXPECT_THAT(fault.what(), HasSubstr("192.0.2.1 port 1"));
    }
}

}  // namespace
}  // namespace lantern::http
