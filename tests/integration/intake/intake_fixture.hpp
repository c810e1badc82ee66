// A queue of events from outside on a real broker, a producer, and `lantern intake` beside them.
#pragma once

#include <gmock/gmock.h>

#include <fstream>

#include "host/core/fault.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/migrate.hpp"
#include "host/postgres/operate/intake_status.hpp"
#include "host/postgres/store/store.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/child.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/intake_queue.hpp"
#include "tests/support/answered.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/servers.hpp"

namespace lantern::rabbitmq {

inline constexpr const char* kQueue = "lantern.intake";
inline constexpr std::string_view kJson = "application/cloudevents+json";

// For what is put at once: nobody answers the broker's heartbeats between two messages.
class Producer {
public:
    explicit Producer(const std::string& url) : connection_(parse_address(url), "producer", quiet_) {
        connection_.open_channel(1);
    }
    void put(const std::string& body, std::vector<std::pair<std::string, std::string>> headers = {},
             std::string_view type = kJson) {
        std::vector<amqp_table_entry_t> entries;
        for (const auto& [name, value] : headers) {
            auto& entry = entries.emplace_back();
            entry.key = bytes(name);
            entry.value.kind = AMQP_FIELD_KIND_UTF8;
            entry.value.value.bytes = bytes(value);
        }
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
        properties.content_type = bytes(type);
        properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
        properties.headers = {static_cast<int>(entries.size()), entries.data()};
        connection_.publish(1, kQueue, properties, body);
    }
    void remove(const std::string& queue) {
        amqp_queue_delete_t removal{};
        removal.queue = bytes(queue);
        connection_.call(1, AMQP_QUEUE_DELETE_METHOD, &removal, AMQP_QUEUE_DELETE_OK_METHOD);
    }

private:
    Listener quiet_;
    Connection connection_;
};

inline std::string event(int id, const std::string& subject, const std::string& type = "STOCK_COUNTED",
                         const std::string& data = R"({"pieces":3})") {
    return R"({"specversion":"1.0","source":"shop","id":")" + std::to_string(id) + R"(","type":")" + type +
           R"(","subject":")" + subject + R"(","data":)" + data + "}";
}

class IntakeQueueTest : public testing::Test {
protected:
    void declare() const {
        ASSERT_TRUE(test::answered([&] { IntakeQueue(url_, kQueue).depth(); }));
    }
    std::vector<intake::Message> take(IntakeQueue& queue, std::size_t count) {
        std::vector<intake::Message> all;
        test::eventually([&] {
            for (auto& message : queue.take(100, Milliseconds{200})) all.push_back(std::move(message));
            return all.size() >= count;
        });
        return all;
    }

    const std::string url_ = test::fresh_vhost();
};

class IntakeProcessTest : public IntakeQueueTest {
protected:
    IntakeProcessTest() {
        postgres::migrate(database_);
        std::ofstream(schemas_ / "STOCK_COUNTED.1.json")
            << R"({"type": "object", "required": ["pieces"], "properties": {"pieces": {"type": "integer"}}})";
        std::ofstream(directory_ / "lantern.yaml")
            << "version: 1\npostgres: {url: \"" << database_ << "\"}\namqp: {url: \"" << url_
            << "\"}\nschemas: {directory: schemas}\n";
    }

    // What was freed counts as memory for long otherwise.
    static std::string sanitizer_options() {
        const char* given = std::getenv("ASAN_OPTIONS");
        return (given ? std::string(given) + ":" : "") + "quarantine_size_mb=1";
    }
    std::unique_ptr<processes::Child> intake() const {
        processes::Program program;
        program.argv = {LANTERN_BINARY, "intake", "--config", directory_.string(), "--plugins", LANTERN_PLUGINS};
        program.environment = {{"LANTERN_LOG_LEVEL", "warn"},
                               {"ASAN_OPTIONS", sanitizer_options()},
                               {"LANTERN_CACHE_DIR", (directory_ / "cache").string()}};
        return std::make_unique<processes::Child>(program);
    }
    std::string lantern(std::vector<std::string> words) const {
        words.insert(words.begin(), LANTERN_BINARY);
        words.insert(words.end(), {"--config", directory_.string(), "--plugins", LANTERN_PLUGINS});
        return processes::run({.argv = std::move(words)}, std::chrono::minutes(4)).output;
    }
    std::vector<std::string> data(const std::string& id) {
        std::vector<std::string> all;
        for (const auto& event : store_.load("shelf", id, 1, "", {}).events) all.push_back(event.data);
        return all;
    }
    bool has(const std::string& id, std::size_t count) {
        try {
            return data(id).size() == count;
        } catch (const Fault&) {
            return false;
        }
    }
    std::size_t events(int streams) {
        std::size_t count = 0;
        for (int n = 0; n < streams; ++n) count += data(std::to_string(n)).size();
        return count;
    }

    const std::string database_ = test::fresh_database();
    const std::filesystem::path directory_ = test::fresh_directory();
    const std::filesystem::path schemas_ = [this] {
        std::filesystem::create_directories(directory_ / "schemas");
        return directory_ / "schemas";
    }();
    postgres::Store store_{database_};
};

}  // namespace lantern::rabbitmq
