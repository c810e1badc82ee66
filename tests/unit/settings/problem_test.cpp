#include "host/settings/problem.hpp"

#include <gtest/gtest.h>

namespace lantern::settings {
namespace {

TEST(Problem, TextNamesPlaceFoundExpectedAndSuggestion) {
    const Problem problem{"routing.yaml",       7, 5, "the unknown key \"concurency\"", "one of a, b",
                          "did you mean \"a\"?"};
    EXPECT_EQ(problem.text(),
              "routing.yaml:7:5: found the unknown key \"concurency\"; expected one of a, b; did you mean \"a\"?");
}

TEST(Problem, WithoutPlaceItNamesTheFileAlone) {
    EXPECT_EQ((Problem{"x.yaml", 0, 0, "no such file", "the routing file", ""}).text(),
              "x.yaml: found no such file; expected the routing file");
}

TEST(Nearest, FindsTypingErrorsAndNothingElse) {
    const std::vector<std::string> keys{"concurrency", "partitions", "plugin"};
    EXPECT_EQ(nearest("concurency", keys), "concurrency");
    EXPECT_EQ(nearest("pulgin", keys), "plugin");
    EXPECT_EQ(nearest("something", keys), "");
    EXPECT_EQ(nearest("", keys), "");
    EXPECT_EQ(nearest(std::string(100'000, 'x'), keys), "");
}

}  // namespace
}  // namespace lantern::settings
