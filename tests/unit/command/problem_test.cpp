#include "host/command/problem.hpp"

#include <gtest/gtest.h>

namespace lantern::command {
namespace {

TEST(Problem, holds_what_rfc_9457_and_the_rules_want) {
    EXPECT_EQ(to_json({404, "not-found", "Not found", "There is no user \"x\".", "", "", {}}),
              R"({"type":"urn:lantern:problem:not-found","title":"Not found","status":404,)"
              R"("detail":"There is no user \"x\"."})");
}

TEST(Problem, lists_every_rejection) {
    const auto problem = problem_of({{RejectionKind::invalid, "length", "username", "Too short."},
                                     {RejectionKind::invalid, "form", "email", "No address."}});
    EXPECT_EQ(problem.status, 422);
    EXPECT_EQ(problem.rule, "length");
    EXPECT_EQ(problem.field, "username");
    EXPECT_EQ(problem.errors.size(), 2u);
    EXPECT_EQ(
        to_json(problem),
        R"({"type":"urn:lantern:problem:invalid","title":"The request breaks rules of its fields","status":422,)"
        R"("detail":"Too short.","rule":"length","field":"username","errors":[)"
        R"({"rule":"length","field":"username","detail":"Too short."},)"
        R"({"rule":"form","field":"email","detail":"No address."}]})");
}

TEST(Problem, what_the_caller_may_not_know_comes_first) {
    EXPECT_EQ(
        problem_of({{RejectionKind::invalid, "a", "", "x"}, {RejectionKind::unauthorized, "b", "", "y"}}).status,
        401);
    EXPECT_EQ(
        problem_of({{RejectionKind::conflict, "a", "", "x"}, {RejectionKind::forbidden, "b", "", "y"}}).status,
        403);
    EXPECT_EQ(problem_of({{RejectionKind::rule, "a", "", "x"}, {RejectionKind::not_found, "b", "", "y"}}).status,
              404);
    EXPECT_EQ(problem_of({{RejectionKind::conflict, "a", "", "x"}, {RejectionKind::rule, "b", "", "y"}}).status,
              422);
    EXPECT_EQ(problem_of({{RejectionKind::conflict, "a", "", "x"}}).status, 409);
}

}  // namespace
}  // namespace lantern::command
