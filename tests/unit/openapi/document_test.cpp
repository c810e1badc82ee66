// From routes, tables and schemas to the description.
#include "host/openapi/document.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace lantern::openapi {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::vector<std::string> names_of(const json::value& object) {
    std::vector<std::string> names;
    for (const auto& member : object.as_object()) names.emplace_back(member.key());
    return names;
}

Table table(const std::string& name, std::vector<Column> columns) {
    Table table;
    table.name = name;
    table.columns = std::move(columns);
    return table;
}

QueryRoute query(QueryRoute::Kind kind, const std::string& path, const std::string& scope) {
    QueryRoute route;
    route.kind = kind;
    route.path = path;
    route.scope = scope;
    return route;
}

// One domain of accounts, as any other would be.
class OpenApiTest : public testing::Test {
protected:
    OpenApiTest() {
        CommandRoute deposit;
        deposit.method = "POST";
        deposit.path = "/v1/accounts/{id}/deposit/";
        deposit.aggregate = "account";
        deposit.command = "deposit";
        deposit.scope = "account:change";
        deposit.access = Access::self;
        deposit.request_schema = "requests/deposit.json";
        http.commands.push_back(deposit);
        requests["requests/deposit.json"] =
            R"({"$schema": "x", "title": "Money comes in", "type": "object", "properties": {"cents": {"$ref": "#/definitions/cents"}},
                "definitions": {"cents": {"type": "integer"}}, "examples": [{"cents": 5}]})";

        tables["balances"] = {table(
            "balances",
            {{"id", ColumnType::uuid}, {"balance_cents", ColumnType::integer}, {"opened_at", ColumnType::time}})};
        auto row = query(QueryRoute::Kind::row, "/v1/accounts/{id}/", "account:read");
        row.handler = row.table = "balances";
        row.aggregate = "account";
        QueryRoute rows = row;
        rows.kind = QueryRoute::Kind::rows;
        rows.path = "/v1/accounts/";
        rows.filters = {{"from", "opened_at", QueryFilter::Compare::from}};
        rows.sorts = {"opened_at"};
        auto history = query(QueryRoute::Kind::history, "/v1/accounts/{id}/history/", "account:read");
        history.aggregate = "account";
        auto deliveries = query(QueryRoute::Kind::deliveries, "/v1/events/{id}/deliveries/", "event:read");
        http.queries = {row, rows, history, deliveries};
    }

    json::object described() const {
        Source source{.http = http, .version = "1.2.3", .tables = tables, .requests = requests, .events = events};
        source.aggregates["account"] = account;
        return json::parse(document(source)).as_object();
    }
    static const json::object& operation(const json::object& document, const char* path, const char* method) {
        return document.at("paths").at(path).at(method).as_object();
    }
    static std::vector<std::string> parameters(const json::object& operation) {
        std::vector<std::string> names;
        if (const auto* all = operation.if_contains("parameters"))
            for (const auto& one : all->as_array()) names.emplace_back(one.at("name").as_string());
        return names;
    }

    HttpSettings http;
    Description account;
    std::map<std::string, std::vector<Table>> tables;
    std::map<std::filesystem::path, std::string> requests;
    std::map<std::pair<std::string, int>, std::string> events;
};

TEST_F(OpenApiTest, a_command_has_its_schema_its_example_and_each_status_that_it_can_answer) {
    const auto document = described();
    const auto& deposit = operation(document, "/v1/accounts/{id}/deposit/", "post");
    EXPECT_EQ(deposit.at("operationId"), "deposit_account");
    EXPECT_EQ(deposit.at("summary"), "Money comes in");
    EXPECT_THAT(parameters(deposit), ElementsAre("id", "Idempotency-Key", "If-Match"));
    EXPECT_THAT(names_of(deposit.at("responses")),
                UnorderedElementsAre("200", "400", "401", "403", "404", "409", "412", "413", "414", "415", "422",
                                     "431", "500", "503"));
    const auto& body = deposit.at("requestBody").at("content").at("application/json");
    EXPECT_EQ(body.at("schema").at("$ref"), "#/components/schemas/request.deposit");
    EXPECT_EQ(body.at("example"), (json::object{{"cents", 5}}));
    const auto& schema = document.at("components").at("schemas").at("request.deposit");
    EXPECT_EQ(schema.at("properties").at("cents").at("$ref"),
              "#/components/schemas/request.deposit/definitions/cents");
    EXPECT_FALSE(schema.as_object().contains("$schema"));
}

TEST_F(OpenApiTest, who_may_is_said_by_scope_and_in_words) {
    http.commands[0].scope = "account:change";
    auto document = described();
    EXPECT_THAT(
        std::string(operation(document, "/v1/accounts/{id}/deposit/", "post").at("description").as_string()),
        HasSubstr("whose id is `{id}`, and for callers with the scope `account:change`"));
    EXPECT_EQ(operation(document, "/v1/accounts/", "get").at("security").at(0).at("bearer"),
              (json::array{"account:read"}));
    http.commands[0].access = Access::anyone;
    http.commands[0].blind = true;
    http.commands[0].status = 202;
    http.commands[0].per_address = Rate{};
    document = described();
    const auto& open = operation(document, "/v1/accounts/{id}/deposit/", "post");
    EXPECT_THAT(open.at("security").as_array(), IsEmpty());
    EXPECT_THAT(names_of(open.at("responses")),
                UnorderedElementsAre("202", "400", "413", "414", "415", "422", "429", "431", "500", "503"));
    EXPECT_THAT(parameters(open), ElementsAre("id"));
}

TEST_F(OpenApiTest, queries_follow_the_declared_tables) {
    const auto document = described();
    const auto& row = document.at("components").at("schemas").at("row.balances.balances");
    EXPECT_EQ(row.at("properties").at("id").at("format"), "uuid");
    EXPECT_EQ(row.at("properties").at("balance_cents").at("type"), (json::array{"integer", "null"}));
    EXPECT_EQ(row.at("properties").at("opened_at").at("pattern"),
              R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$)");
    EXPECT_EQ(row.at("additionalProperties"), false);
    const auto& list = operation(document, "/v1/accounts/", "get");
    EXPECT_THAT(parameters(list), ElementsAre("from", "sort", "limit", "cursor"));
    EXPECT_EQ(list.at("parameters").at(0).at("schema").at("format"), "date-time");
    EXPECT_FALSE(list.at("parameters").at(0).at("schema").as_object().contains("pattern")) << "taken in any form";
    EXPECT_EQ(list.at("parameters").at(1).at("schema").at("enum"), (json::array{"opened_at", "-opened_at"}));
    EXPECT_THAT(parameters(operation(document, "/v1/accounts/{id}/", "get")),
                ElementsAre("id", "min_revision", "Prefer", "If-None-Match"));
    EXPECT_THAT(parameters(operation(document, "/v1/events/{id}/deliveries/", "get")), ElementsAre("id"));

    tables["balances"][0].columns.push_back({"owner", ColumnType::text});
    EXPECT_TRUE(described()
                    .at("components")
                    .at("schemas")
                    .at("row.balances.balances")
                    .at("properties")
                    .as_object()
                    .contains("owner"));
    tables.clear();  // never ran: any object
    EXPECT_FALSE(described().at("components").at("schemas").as_object().contains("row.balances.balances"));
}

TEST_F(OpenApiTest, a_filter_says_in_which_orders_an_index_serves_it) {
    auto& rows = http.queries[1];
    rows.sorts = {"opened_at", "balance_cents"};
    rows.filters = {{"owner", "owner", QueryFilter::Compare::equal},
                    {"number", "number", QueryFilter::Compare::equal},
                    {"from", "opened_at", QueryFilter::Compare::from}};
    auto& balances = tables["balances"][0];
    balances.columns.insert(balances.columns.end(), {{"owner", ColumnType::text}, {"number", ColumnType::text}});
    balances.indexes = {{"opened_at"}, {"balance_cents"}, {"owner", "opened_at"}, {"number"}};
    const auto document = described();
    std::vector<std::string> told;
    for (const auto& one : operation(document, "/v1/accounts/", "get").at("parameters").as_array())
        told.emplace_back(one.at("description").as_string());
    EXPECT_EQ(told[0], "Only those whose owner is this. Only in the order of opened_at.");
    EXPECT_EQ(told[1], "Only those whose number is this.");
    EXPECT_EQ(told[2], "Only those whose opened_at is this or later. Only in the order of opened_at.");
}

TEST_F(OpenApiTest, history_has_the_aggregates_own_events_without_their_secrets) {
    account.events = {{"OPENED", 1}};
    events[{"OPENED", 1}] = R"({"type": "object", "properties": {"owner": {"type": "string"},
        "pin": {"type": "string", "x-secret": true}}, "required": ["owner", "pin"], "examples": [{"owner": "ann", "pin": "4711"}]})";
    events[{"PLANET_FOUND", 1}] = R"({"type": "object"})";
    const auto document = described();
    const auto& schemas = document.at("components").at("schemas").as_object();
    EXPECT_EQ(schemas.at("event.OPENED.1").at("required"), (json::array{"owner"}));
    EXPECT_FALSE(schemas.contains("event.PLANET_FOUND.1"));
    EXPECT_THAT(json::serialize(document), Not(HasSubstr("4711")));
}

TEST_F(OpenApiTest, a_second_aggregate_stands_beside_the_first_under_names_of_its_own) {
    auto other = http.commands[0];
    other.path = "/v1/savings/{id}/deposit/";  // the same aggregate and command by another path
    http.commands.push_back(other);
    auto planets = query(QueryRoute::Kind::rows, "/v1/planets/", "planet:read");
    planets.handler = planets.table = "planets";
    http.queries.push_back(planets);
    tables["planets"] = {table("planets", {{"day", ColumnType::date}})};
    const auto document = described();
    const auto first = operation(document, "/v1/accounts/{id}/deposit/", "post").at("operationId");
    const auto second = operation(document, "/v1/savings/{id}/deposit/", "post").at("operationId");
    EXPECT_NE(first, second);
    EXPECT_EQ(
        document.at("components").at("schemas").at("row.planets.planets").at("properties").at("day").at("format"),
        "date");
    std::vector<std::string> tags;
    for (const auto& tag : document.at("tags").as_array()) tags.emplace_back(tag.at("name").as_string());
    EXPECT_THAT(tags, ElementsAre("accounts", "savings", "events", "planets", "operation"));
}

TEST_F(OpenApiTest, events_from_outside_say_their_version_and_one_alone_has_its_revision_as_etag) {
    const IntakeSettings intake;
    const auto whole = json::parse(document({.http = http, .intake = &intake})).as_object();
    const auto& take = operation(whole, "/v1/events/", "post");
    const auto& event = take.at("requestBody").at("content").at("application/cloudevents+json").at("schema");
    EXPECT_EQ(event.at("required"), (json::array{"specversion", "id", "source", "type", "subject"}));
    const auto& tag = take.at("responses").at("201").at("headers").at("ETag").as_object();
    EXPECT_THAT(std::string(tag.at("description").as_string()), HasSubstr("Of one event alone: its revision"));
    EXPECT_FALSE(tag.contains("required"));
}

TEST_F(OpenApiTest, a_schema_that_is_none_is_left_out_and_the_rest_is_described) {
    requests["requests/deposit.json"] = "{";
    const auto document = described();
    EXPECT_FALSE(document.at("components").at("schemas").as_object().contains("request.deposit"));
    EXPECT_EQ(operation(document, "/v1/accounts/{id}/deposit/", "post").at("summary"), "account: deposit");
}

}  // namespace
}  // namespace lantern::openapi
