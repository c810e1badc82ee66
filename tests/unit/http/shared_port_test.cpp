// Who of several servers on one port is given connections; over real sockets.
#include "host/http/shared_port.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <set>

#include "host/http/server.hpp"
#include "tests/unit/http/socket_client.hpp"

namespace lantern::http {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::SizeIs;

// Servers on one port, each of which says its number.
class Sharing {
public:
    explicit Sharing(int serving) : serving_(serving) {}

    void start() {
        ServerOptions options;
        options.port = servers_.empty() ? 0 : port();
        options.serving = serving_;
        options.drain = Milliseconds{50};
        const auto number = std::to_string(servers_.size());
        servers_.push_back(std::make_unique<Server>(options, [number](Request, Respond respond) {
            respond({200, number + "!", "text/plain", {}});
        }));
        EXPECT_EQ(servers_.back()->not_limited(), "");
    }
    void stop(std::size_t which) { servers_[which]->stop(); }
    // The numbers that so many connections meet.
    std::set<std::string> met(int connections) const {
        std::set<std::string> numbers;
        for (int n = 0; n < connections; ++n) {
            Client client(port());
            client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            const auto answer = client.read_until("!");
            const auto body = answer.rfind('\n') + 1;
            numbers.insert(answer.substr(body, answer.size() - body - 1));
        }
        return numbers;
    }

private:
    int port() const { return servers_.front()->port(); }

    const int serving_;
    std::vector<std::unique_ptr<Server>> servers_;
};

TEST(SharedPort, one_of_three_serves_and_another_at_once_when_it_ends) {
    Sharing sharing(1);
    sharing.start();
    sharing.start();
    sharing.start();
    EXPECT_THAT(sharing.met(50), ElementsAre("0"));
    sharing.stop(0);
    const auto next = sharing.met(50);
    EXPECT_THAT(next, SizeIs(1));
    EXPECT_THAT(next, Not(Contains("0")));
    sharing.start();
    EXPECT_EQ(sharing.met(50), next) << "who serves goes on, whoever comes";
    sharing.stop(std::stoul(*next.begin()));
    EXPECT_THAT(sharing.met(50), AllOf(SizeIs(1), Not(Contains(*next.begin()))));
}

TEST(SharedPort, two_of_three_serve) {
    Sharing sharing(2);
    for (int n = 0; n < 3; ++n) sharing.start();
    EXPECT_THAT(sharing.met(200), ElementsAre("0", "1"));
    sharing.stop(0);
    EXPECT_THAT(sharing.met(200), ElementsAre("1", "2"));
    sharing.stop(1);
    EXPECT_THAT(sharing.met(50), ElementsAre("2"));
}

}  // namespace
}  // namespace lantern::http
