#include "tests/chaos/producer.hpp"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <random>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/store/store.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::chaos {
namespace {

constexpr int kStreams = 60;

// A Store that is made when it can be: a connection refused at the start is no more than one lost later.
class Appender {
public:
    explicit Appender(std::string url) : url_(std::move(url)) {}
    postgres::Store& store() {
        if (!store_) store_.emplace(url_);
        return *store_;
    }

private:
    const std::string url_;
    std::optional<postgres::Store> store_;
};

}  // namespace

Producer::Producer(const Place& place, std::uint64_t seed)
    : place_(place), seed_(seed), appender_([this] { append(); }), commander_([this] { command(); }) {}

Producer::~Producer() {
    finish();
}

std::vector<Accepted> Producer::finish() {
    stop_ = true;
    if (appender_.joinable()) appender_.join();
    if (commander_.joinable()) commander_.join();
    return accepted_;
}

void Producer::accept(Accepted one) {
    const std::lock_guard lock(mutex_);
    accepted_.push_back(std::move(one));
    ++accepted_count_;
}

// One to four events on one of some streams, each time. An append in doubt is neither claimed nor repeated: its
// events are there or they are not.
void Producer::append() {
    std::mt19937_64 random(seed_);
    SystemClock clock;
    Appender appender(place_.database());
    for (int number = 0; !stop_; ++number, ++tries_) {
        command::Append append;
        append.aggregate_type = "chaos";
        append.aggregate_id = "stream" + std::to_string(random() % kStreams);
        const auto count = 1 + random() % 4;
        for (std::uint64_t event = 0; event < count; ++event) {
            const boost::json::object data{{"seed", seed_}, {"number", number}, {"text", "Grüße, \"x\"\n"}};
            append.events.push_back({Uuid::v7(clock.now(), random(), random()),
                                     random() % 3 == 0 ? "CHAOS_TURN" : "CHAOS_STEP", 1,
                                     boost::json::serialize(data), R"({"actor":"chaos"})"});
        }
        try {
            const auto appended = appender.store().append(append);
            if (!appended) continue;
            auto revision = appended.value().revision.value - static_cast<std::int64_t>(count);
            for (const auto& event : append.events)
                accept({append.aggregate_id, ++revision, event.type, event.id.text()});
        } catch (const Fault&) {
            // The server is away: the run does that.
        }
        test::pause_between_looks();
    }
}

test::HttpAnswer Producer::ask(test::HttpRequest request, const std::string& key) {
    request.headers["Idempotency-Key"] = key;
    while (!stop_) {
        ++tries_;
        auto answer = place_.http(request);
        if (answer.status != 0 && answer.status < 500 && answer.status != 429) return answer;
        test::pause_between_looks();
    }
    return {};
}

// Makes users, changes some, deletes some.
void Producer::command() {
    std::mt19937_64 random(seed_ + 1);
    const auto object = [](const test::HttpAnswer& answer) { return boost::json::parse(answer.body).as_object(); };
    std::vector<std::string> users;
    for (int number = 0; !stop_; ++number) {
        const std::string key = "chaos-" + std::to_string(seed_) + "-" + std::to_string(number);
        const auto choice = users.empty() ? 0 : random() % 4;
        if (choice <= 1) {
            const std::string name = "user" + std::to_string(number);
            const auto answer =
                ask({.method = "POST",
                     .path = "/v1/users/",
                     .body = boost::json::serialize(boost::json::object{{"username", name},
                                                                        {"email", name + "@example.com"},
                                                                        {"first_name", "Sarah"},
                                                                        {"last_name", "Miller"},
                                                                        {"password", "correct horse"}})},
                    key);
            if (answer.status != 201) continue;
            users.emplace_back(object(answer).at("id").as_string());
            accept({users.back(), 1, "USER_CREATED"});
            continue;
        }
        const auto at = random() % users.size();
        const std::string id = users[at], path = "/v1/users/" + id + "/";
        const bool deletes = choice == 3 && random() % 3 == 0;
        const auto answer =
            deletes ? ask({.method = "DELETE", .path = path, .body = R"({"reason": "chaos"})"}, key)
                    : ask({.method = "PUT", .path = path, .body = R"({"first_name": "S)" + key + "\"}"}, key);
        if (deletes) users.erase(users.begin() + static_cast<std::ptrdiff_t>(at));
        if (answer.status == 200)
            accept({id, object(answer).at("revision").to_number<std::int64_t>(),
                    deletes ? "USER_DELETED" : "USER_UPDATED"});
    }
}

}  // namespace lantern::chaos
