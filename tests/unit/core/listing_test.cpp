#include "host/core/listing.hpp"

#include <gmock/gmock.h>

namespace lantern {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As of users: few share a name, many a status or a role.
const std::vector<Index> kUsers{
    {"id"}, {"name"}, {"made_at"}, {"status", "made_at"}, {"status", "name"}, {"role", "made_at"}};

bool served(std::vector<std::string> equal, std::vector<std::string> order, std::vector<std::string> bounds = {}) {
    order.emplace_back("id");
    return serves(kUsers, {std::move(equal), std::move(bounds), std::move(order)});
}

TEST(Listing, all_rows_are_served_in_the_order_of_what_an_index_begins_with) {
    EXPECT_TRUE(served({}, {"made_at"}));
    EXPECT_TRUE(served({}, {"status"}));
    EXPECT_TRUE(served({}, {}));
    EXPECT_FALSE(served({}, {"age"}));
    EXPECT_TRUE(served({}, {"made_at"}, {"made_at", "made_at"}));
    EXPECT_FALSE(served({}, {"name"}, {"made_at"})) << "the bounds leave few, and all are looked at";
}

TEST(Listing, what_is_compared_needs_an_index_that_goes_on_with_the_order) {
    EXPECT_TRUE(served({"status"}, {"made_at"}));
    EXPECT_TRUE(served({"status"}, {"name"}));
    EXPECT_TRUE(served({"status"}, {"made_at"}, {"made_at"}));
    EXPECT_FALSE(served({"status"}, {"name"}, {"made_at"}));
    EXPECT_FALSE(served({"role"}, {"name"}));
    EXPECT_FALSE(served({"age"}, {"made_at"}));
    EXPECT_FALSE(served({"status"}, {})) << "by id";
    EXPECT_FALSE(served({"status"}, {"status"})) << "all are equal in that, so they follow by id";
    EXPECT_TRUE(served({"status"}, {"status", "made_at"}));
}

TEST(Listing, several_are_served_when_each_of_them_is) {
    EXPECT_TRUE(served({"status", "role"}, {"made_at"}));
    EXPECT_FALSE(served({"status", "role"}, {"name"}));
    EXPECT_FALSE(served({"status", "age"}, {"made_at"}));
    EXPECT_TRUE(serves({{"status", "role", "name"}}, {{"role", "status"}, {}, {"name"}}));
}

TEST(Listing, few_rows_need_no_order) {
    EXPECT_TRUE(served({"name"}, {"age"}));
    EXPECT_TRUE(served({"age", "name"}, {"made_at"}, {"age"}));
    EXPECT_TRUE(served({"id"}, {"age"}));
}

TEST(Listing, the_orders_that_are_possible_are_named) {
    EXPECT_THAT(orders_served(kUsers, {{"status"}, {}, {}}), ElementsAre("name", "made_at"));
    EXPECT_THAT(orders_served(kUsers, {{"role"}, {"made_at"}, {}}), ElementsAre("made_at"));
    EXPECT_THAT(orders_served(kUsers, {{}, {}, {}}), ElementsAre("id", "name", "made_at", "status", "role"));
    EXPECT_THAT(orders_served(kUsers, {{"age"}, {}, {}}), IsEmpty());
}

TEST(Listing, a_table_has_its_key_and_few_rows_of_one_stream) {
    Table table{"lines", Ownership::owned, {{"order_id"}, {"line"}, {"price"}}, 2, {{"price"}}};
    EXPECT_THAT(indexes_of(table),
                ElementsAre(ElementsAre("price"), ElementsAre("order_id", "line"), ElementsAre("order_id")));
    table.ownership = Ownership::shared;
    EXPECT_THAT(indexes_of(table), ElementsAre(ElementsAre("price"), ElementsAre("order_id", "line")));
}

}  // namespace
}  // namespace lantern
