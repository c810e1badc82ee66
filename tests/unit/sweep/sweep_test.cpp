#include "host/sweep/sweep.hpp"

#include <gmock/gmock.h>

#include <set>

namespace lantern::sweep {
namespace {

using testing::ElementsAre;

// Marks are told apart by their ceilings; position n is an event of stream n, revision 1, unless applied.
class Field final : public Ground {
public:
    struct Handler {
        Verified verified;
        std::set<std::int64_t> missing;  // positions not applied
        std::int64_t worked_off = 0;     // its queue, up to this position
        std::vector<std::int64_t> notes;
    };

    void publish_up_to(std::int64_t position) { published_ = mark(position); }
    static Mark mark(std::int64_t position) {
        return {Position{position}, "at " + std::to_string(position), Position{position}};
    }

    Mark published() override { return published_; }
    std::vector<Standing> handlers() override {
        std::vector<Standing> all;
        for (const auto& [name, handler] : by_name) all.push_back({HandlerName{name}, handler.verified});
        return all;
    }
    std::vector<Look> look(std::span<const HandlerName> asked, const Mark& from, const Mark& to, Position after,
                           std::size_t limit) override {
        ++pages;
        const std::int64_t above = std::max(after.value, from.floor.value);
        const std::int64_t end = std::min(to.ceiling.value, above + static_cast<std::int64_t>(limit));
        std::vector<Look> looks;
        for (const auto& name : asked) {
            if (name.value == moving) continue;
            const Handler& handler = by_name.at(name.value);
            Look look{name, Position{end}, end == to.ceiling.value, {}};
            for (const auto position : handler.missing)
                if (position > above && position <= end)
                    look.behind.push_back(
                        {StreamId{position}, Revision{1}, Position{position}, position <= handler.worked_off});
            looks.push_back(std::move(look));
        }
        return looks;
    }
    void note(const HandlerName& handler, std::span<const Behind> behind) override {
        for (const Behind& one : behind) by_name.at(handler.value).notes.push_back(one.stream.value);
    }
    bool advance(const HandlerName& name, const Verified& before, const Verified& after) override {
        Handler& handler = by_name.at(name.value);
        if (handler.verified != before) return false;
        handler.verified = after;
        return true;
    }

    std::map<std::string, Handler> by_name;
    std::string moving;  // a handler whose routes may be moving
    int pages = 0;

private:
    Mark published_;
};

class SweepTest : public testing::Test {
protected:
    SweepTest() { field_.by_name = {{"people", {}}, {"mail", {}}}; }

    Milliseconds pass() {
        return sweep_.pass([this] { return stop_; });
    }
    // What was published is looked at from the next pass on.
    Milliseconds pass_over(std::int64_t published) {
        field_.publish_up_to(published);
        pass();
        return pass();
    }
    Field::Handler& people() { return field_.by_name.at("people"); }
    Field::Handler& mail() { return field_.by_name.at("mail"); }

    Field field_;
    Sweep sweep_{field_, 10};
    bool stop_ = false;
};

TEST_F(SweepTest, WhatIsAppliedIsVerifiedMarkByMarkAndReadOnceForAll) {
    EXPECT_EQ(pass_over(35), limits::kSweepEvery);
    EXPECT_EQ(people().verified.mark, Field::mark(35));
    EXPECT_EQ(mail().verified.mark, Field::mark(35));
    EXPECT_EQ(field_.pages, 4) << "not once for each handler";
    pass();
    EXPECT_EQ(field_.pages, 4) << "nothing new, nothing read";
}

TEST_F(SweepTest, WhatWasJustPublishedHasTimeUntilTheNextPass) {
    field_.publish_up_to(35);
    pass();
    EXPECT_EQ(field_.pages, 0);
}

TEST_F(SweepTest, AStreamThatIsBehindIsNotedOnceItsQueueHasBeenWorkedOff) {
    people().missing = {12, 17};
    pass_over(35);
    EXPECT_TRUE(people().notes.empty()) << "it may still come";
    EXPECT_EQ(people().verified.cursor, Position{11}) << "up to it and not over it";
    EXPECT_EQ(mail().verified.mark, Field::mark(35)) << "nobody waits for another";
    people().worked_off = 12;
    EXPECT_EQ(pass(), limits::kSweepSoon);
    EXPECT_THAT(people().notes, ElementsAre(12));
    people().worked_off = 35;
    pass();
    EXPECT_THAT(people().notes, ElementsAre(12, 12, 17));
    EXPECT_EQ(people().verified.cursor, Position{11});
    people().missing.clear();
    EXPECT_EQ(pass(), limits::kSweepEvery);
    EXPECT_EQ(people().verified, (Verified{Field::mark(35), std::nullopt, Position{0}}));
}

TEST_F(SweepTest, WhoWasBehindSharesPagesAgainOnceItHasCaughtUp) {
    people().missing = {12};
    pass_over(30);
    people().missing.clear();
    pass_over(50);
    pass();
    EXPECT_EQ(people().verified.mark, Field::mark(50));
    EXPECT_EQ(mail().verified.mark, Field::mark(50));
    field_.pages = 0;
    pass_over(60);
    EXPECT_EQ(field_.pages, 1);
}

TEST_F(SweepTest, AHandlerThatIsLeftOutStandsStillAndGoesOnLater) {
    field_.moving = "people";
    pass_over(35);
    EXPECT_EQ(people().verified.mark, Mark{});
    EXPECT_EQ(mail().verified.mark, Field::mark(35));
    field_.moving.clear();
    pass();
    EXPECT_EQ(people().verified.mark, Field::mark(35));
}

TEST_F(SweepTest, AskedToStopItGoesOnWhereItWas) {
    field_.publish_up_to(35);
    pass();
    stop_ = true;
    pass();
    EXPECT_EQ(field_.pages, 0);
    stop_ = false;
    pass();
    EXPECT_EQ(people().verified.mark, Field::mark(35));
}

}  // namespace
}  // namespace lantern::sweep
