// One request, followed by its ids through everything that it causes.
#include "host/rabbitmq/connection.hpp"
#include "tests/e2e/api/served.hpp"
#include "tests/support/answered.hpp"

namespace lantern::test {
namespace {

constexpr const char* kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr const char* kRequest = "followed-request-7";

// A queue of its own, bound to all events: what anyone sees who looks into the broker.
class Onlooker final : public rabbitmq::Listener {
public:
    explicit Onlooker(const std::string& url) : connection_(rabbitmq::parse_address(url), "onlooker", *this) {
        connection_.open_channel(1);
        amqp_queue_declare_t declare{};
        declare.queue = rabbitmq::bytes(kQueue);
        declare.exclusive = 1;
        connection_.call(1, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
        amqp_queue_bind_t bind{};
        bind.queue = rabbitmq::bytes(kQueue);
        bind.exchange = rabbitmq::bytes("lantern.events");
        bind.routing_key = rabbitmq::bytes("#");
        connection_.call(1, AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD);
        amqp_basic_consume_t consume{};
        consume.queue = rabbitmq::bytes(kQueue);
        consume.no_ack = 1;
        connection_.call(1, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD);
    }
    // The header of the event's message, once it has come.
    std::optional<std::string> trace_of(const std::string& event) {
        connection_.handle_frame(Milliseconds{100});
        const auto found = traces_.find(event);
        return found == traces_.end() ? std::nullopt : std::optional(found->second);
    }

    void properties(const amqp_basic_properties_t& properties, std::uint64_t) override {
        auto& trace = traces_[std::string(rabbitmq::view(properties.message_id))];
        for (int i = 0; i < properties.headers.num_entries; ++i) {
            const auto& entry = properties.headers.entries[i];
            if (rabbitmq::view(entry.key) == "traceparent") trace = rabbitmq::view(entry.value.value.bytes);
        }
    }

private:
    static constexpr const char* kQueue = "onlooker";
    rabbitmq::Connection connection_;
    std::map<std::string, std::string> traces_;
};

class FollowingTest : public ServedTest {
protected:
    static std::string line_with(const std::string& word, const std::string& other) {
        const auto all = logged();
        for (std::size_t from = 0; from < all.size();) {
            const auto end = std::min(all.find('\n', from), all.size());
            const auto line = all.substr(from, end - from);
            if (line.find(word) != std::string::npos && line.find(other) != std::string::npos) return line;
            from = end + 1;
        }
        return {};
    }
};

TEST_F(FollowingTest, the_ids_of_a_request_are_in_log_event_message_and_plugin) {
    std::optional<Onlooker> onlooker;
    ASSERT_TRUE(answered([&] { onlooker.emplace(instance->endpoint("amqp_url")); }));
    const auto answer = instance->http({"POST",
                                        "/v1/users/",
                                        R"({"username":"followed","email":"followed@example.com","first_name":"F",)"
                                        R"("last_name":"L","password":"correct horse"})",
                                        {{"traceparent", kTrace}, {"X-Request-Id", kRequest}}});
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.headers.at("x-request-id"), kRequest);
    const auto id = id_of(answer);

    const auto row = instance->sql(
        "select e.id::text, e.metadata ->> 'traceparent', e.metadata ->> 'causation_id',"
        " e.metadata ->> 'correlation_id'"
        " from lantern.events e join lantern.streams s using (stream_id) where s.aggregate_id = '" +
        id + "'");
    ASSERT_EQ(row.size(), 1u);
    EXPECT_EQ(row.text(0, 1), kTrace);
    EXPECT_EQ(row.text(0, 2), kRequest);
    EXPECT_EQ(row.text(0, 3), kRequest) << "it begins a correlation, unless it names another";

    std::optional<std::string> carried;
    EXPECT_TRUE(eventually([&] { return bool(carried = onlooker->trace_of(row.text(0, 0))); }));
    EXPECT_EQ(carried, kTrace);

    EXPECT_TRUE(eventually([&] {
        return one("select concat(metadata ->> 'traceparent', metadata ->> 'causation_id') from traced.traces "
                   "where id = "
                   "'" +
                   id + "'") == std::string(kTrace) + kRequest;
    }));
    // The api's line of the answer, and the plugin's own, which the host marks with the event.
    std::string answered, said;
    EXPECT_TRUE(eventually([&] { return !(answered = line_with("answered", kRequest)).empty(); }));
    EXPECT_NE(answered.find(kTrace), std::string::npos) << answered;
    EXPECT_TRUE(eventually([&] { return !(said = line_with("traced {", kRequest)).empty(); }));
    EXPECT_NE(said.find(row.text(0, 0)), std::string::npos) << said;
}

}  // namespace
}  // namespace lantern::test
