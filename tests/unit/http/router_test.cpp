#include "host/http/router.hpp"

#include <gtest/gtest.h>

namespace lantern::http {
namespace {

CommandRoute command(const std::string& method, const std::string& path) {
    CommandRoute route;
    route.method = method;
    route.path = path;
    route.command = method + " " + path;
    return route;
}

QueryRoute query(const std::string& path) {
    QueryRoute route;
    route.path = path;
    return route;
}

class RouterTest : public testing::Test {
protected:
    Router router{
        {command("POST", "/v1/users/"), command("PUT", "/v1/users/{id}/"), command("DELETE", "/v1/users/{id}/"),
         command("POST", "/v1/users/{id}/{action}/"), command("POST", "/v1/users/password-reset/request/")},
        {query("/v1/users/{id}/"), query("/v1/users/{id}/history/")}};
};

TEST_F(RouterTest, finds_by_method_and_template) {
    const auto match = router.find("PUT", {"v1", "users", "42"});
    ASSERT_TRUE(match.command);
    EXPECT_EQ(match.command->method, "PUT");
    EXPECT_EQ(match.id(), "42");
    EXPECT_EQ(router.find("GET", {"v1", "users", "42"}).query->path, "/v1/users/{id}/");
    EXPECT_EQ(router.find("GET", {"v1", "users", "42", "history"}).query->path, "/v1/users/{id}/history/");
    EXPECT_EQ(router.find("POST", {"v1", "users"}).id(), "");
}

TEST_F(RouterTest, a_literal_segment_wins_over_a_captured_one) {
    EXPECT_EQ(router.find("POST", {"v1", "users", "password-reset", "request"}).command->path,
              "/v1/users/password-reset/request/");
    const auto match = router.find("POST", {"v1", "users", "x", "request"});
    EXPECT_EQ(match.command->path, "/v1/users/{id}/{action}/");
    EXPECT_EQ(match.captured.size(), 2u);
}

TEST_F(RouterTest, tells_which_methods_a_path_takes) {
    const auto match = router.find("PATCH", {"v1", "users", "42"});
    EXPECT_FALSE(match.found());
    EXPECT_EQ(match.allowed, "PUT, DELETE, GET, HEAD, OPTIONS");
    EXPECT_EQ(router.find("GET", {"v1", "nothing"}).allowed, "");
    EXPECT_EQ(router.find("GET", {}).allowed, "");
    EXPECT_FALSE(router.find("PUT", {"v1", "users", ""}).found());
}

}  // namespace
}  // namespace lantern::http
