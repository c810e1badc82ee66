#include "host/postgres/text_format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lantern::postgres {
namespace {

std::string time_text(std::int64_t microseconds) {
    std::string out;
    append_time(out, std::chrono::microseconds(microseconds));
    return out;
}

TEST(TextFormat, TimesThereAndBack) {
    EXPECT_EQ(time_text(0), "1970-01-01 00:00:00.000000+00");
    EXPECT_EQ(time_text(1'795'232'006'000'123), "2026-11-21 03:33:26.000123+00");
    for (const std::int64_t time : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'795'232'006'000'123},
                                    std::int64_t{951'782'400'000'000},       // 29 February 2000
                                    std::int64_t{-62'135'596'800'000'001},   // the last of 1 BC
                                    std::int64_t{-210'866'803'200'000'000},  // 4714 BC
                                    std::int64_t{253'402'300'800'000'000}})  // year 10000
        EXPECT_EQ(parse_time(time_text(time)).count(), time) << time_text(time);
    EXPECT_EQ(time_text(-62'135'596'800'000'001), "0001-12-31 23:59:59.999999+00 BC");
}

TEST(TextFormat, TimesAsPostgresShortensThem) {
    EXPECT_EQ(parse_time("2026-11-21 03:33:26+00").count(), 1'795'232'006'000'000);
    EXPECT_EQ(parse_time("2026-11-21 03:33:26.5+00").count(), 1'795'232'006'500'000);
    EXPECT_EQ(parse_time("infinity"), std::chrono::microseconds::max());
}

TEST(TextFormat, DatesThereAndBack) {
    for (std::int64_t days = -800'000; days < 800'000; days += 97) {
        std::string out;
        append_date(out, days);
        ASSERT_EQ(parse_date(out), days) << out;
    }
}

TEST(TextFormat, RealsReadBackTheSame) {
    for (const double real : {0.0, 0.1, -1e300, 5e-324, std::numeric_limits<double>::max(), HUGE_VAL, -HUGE_VAL}) {
        std::string out;
        append_real(out, real);
        EXPECT_EQ(std::get<double>(parse_value(ColumnType::real, out)), real) << out;
    }
    EXPECT_TRUE(std::isnan(std::get<double>(parse_value(ColumnType::real, "NaN"))));
}

TEST(TextFormat, NamesAreQuoted) {
    EXPECT_EQ(sql_name(R"(a"b)"), R"("a""b")");
}

}  // namespace
}  // namespace lantern::postgres
