// Many clients at once, and a database that goes away under them: what was accepted is there, once, and nothing
// else.
#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <thread>

#include "host/postgres/connection.hpp"
#include "host/private_servers/postgres.hpp"
#include "tests/integration/api/api_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {
namespace {

constexpr int kClients = 32;
constexpr int kUsers = 48;
constexpr int kCommands = 2500;  // before the database goes, and again after it is back
#ifdef __SANITIZE_ADDRESS__
constexpr long kGrowthKibMax = 512 << 10;  // what was freed is kept for a while
#else
constexpr long kGrowthKibMax = 32 << 10;
#endif

// Changes users until it is stopped. Each command has a value and an Idempotency-Key of its own, and is sent until
// it is accepted: what it finds afterwards in the store is exactly what it was told.
class Clients {
public:
    Clients(const ApiProcesses& api, std::vector<std::string> users) : api_(api), users_(std::move(users)) {
        for (int n = 0; n < kClients; ++n) threads_.emplace_back([this, n] { run(n); });
    }
    ~Clients() { stop(); }

    void stop() {
        over_ = true;
        for (auto& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    bool all_are_refused() const {
        return std::all_of(refused_.begin(), refused_.end(), [](const auto& count) { return count > 0; });
    }

    std::atomic<int> accepted = 0, unexpected = 0;

    const std::vector<std::map<std::string, std::string>>& told() const { return told_; }  // after stop()

private:
    void run(int client) {
        for (int n = 0; !over_; ++n) {
            const auto value = "C" + std::to_string(client) + "-" + std::to_string(n);
            const auto& user = users_[static_cast<std::size_t>(client + n * 7) % users_.size()];
            // One that was begun is brought to its end.
            while (!accepts(client, user, value)) pause_between_looks();
        }
    }
    bool accepts(int client, const std::string& user, const std::string& value) {
        const auto answer =
            http(api_.url(),
                 {"PUT",
                  "/v1/users/" + user + "/",
                  "{\"first_name\":\"" + value + "\"}",
                  {{"Authorization", std::string("Bearer ") + ApiProcesses::kToken}, {"Idempotency-Key", value}}});
        if (answer.status == 200) {
            told_[static_cast<std::size_t>(client)][value] = answer.headers.at("etag");
            ++accepted;
            return true;
        }
        if (answer.status == 503 && answer.headers.contains("retry-after")) {
            ++refused_[static_cast<std::size_t>(client)];
        } else if (answer.status != 409 || answer.body.find("problem:busy") == std::string::npos) {
            // Nothing but: the database is away, or others changed the same user four times in between.
            ++unexpected;
            ADD_FAILURE() << answer.status << " " << answer.body;
            over_ = true;
            return true;
        }
        return false;
    }

    const ApiProcesses& api_;
    const std::vector<std::string> users_;
    std::atomic<bool> over_ = false;
    std::array<std::atomic<int>, kClients> refused_{};
    std::vector<std::map<std::string, std::string>> told_ =
        std::vector<std::map<std::string, std::string>>(kClients);  // each one's own
    std::vector<std::thread> threads_;                              // last: they use the rest
};

class LoadTest : public ApiTest {};

TEST_F(LoadTest, an_outage_under_load_is_503_and_nothing_accepted_is_lost_or_doubled) {
    std::vector<std::string> users;
    for (int n = 0; n < kUsers; ++n) users.push_back(created("load-" + std::to_string(n)));
    Clients clients(api(), users);
    ASSERT_TRUE(eventually([&] { return clients.accepted > kCommands || clients.unexpected > 0; },
                           std::chrono::seconds(180)));
    const auto before = api().memory_kib();

    // The clients' failures are theirs to tell; here it is only waited for.
    postgres().stop();
    EXPECT_TRUE(eventually([&] { return clients.all_are_refused() || clients.unexpected > 0; }));
    postgres().start();
    const int then = clients.accepted;
    EXPECT_TRUE(eventually([&] { return clients.accepted > then + kCommands || clients.unexpected > 0; },
                           std::chrono::seconds(180)));
    clients.stop();
    EXPECT_LE(api().memory_kib(), before + kGrowthKibMax);

    // Each value once in the store, at the revision that its client was told.
    std::map<std::string, std::string> found;
    postgres::Connection connection({.url = api().database()});
    const auto rows = connection.query(
        "select data ->> 'first_name', '\"' || revision || '\"' from lantern.events where type = 'USER_UPDATED'");
    for (std::size_t n = 0; n < rows.size(); ++n)
        EXPECT_TRUE(found.emplace(rows.text(n, 0), rows.text(n, 1)).second) << rows.text(n, 0) << " is there twice";
    std::map<std::string, std::string> told;
    for (const auto& of : clients.told()) told.insert(of.begin(), of.end());
    EXPECT_EQ(found, told);
    EXPECT_EQ(connection
                  .query("select count(*) from lantern.streams s where s.revision <>"
                         " (select count(*) from lantern.events e where e.stream_id = s.stream_id)")
                  .integer(0, 0),
              0)
        << "a hole";
}

}  // namespace
}  // namespace lantern::test
