// Whatever the commands and their order: a name has one holder, one administrator stays, the deleted take nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include <lantern/testing.hpp>

namespace {

using namespace lantern::testing;

struct Person {
    std::vector<GivenEvent> history;
    std::string username, email, role, status;  // as folded; empty before the first event

    bool is_administrator() const { return role == "admin" && status == "active"; }
    std::set<std::string> keys() const {
        if (status.empty() || status == "deleted") return {};
        return {"username:" + lower(username), "email:" + lower(email)};
    }
    static std::string lower(std::string text) {
        for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return text;
    }
};

// Some users, and what the store does for them: keys are held once, the counter never falls below its minimum.
class Town {
public:
    explicit Town(unsigned seed) : random_(seed), people_(6) {}

    void step() {
        auto& person = people_[pick(people_.size())];
        const std::string command = one_of({"create", "create", "update", "change_username", "change_password",
                                            "change_status", "change_status", "delete"});
        const json::object data = data_of(command);
        AggregateSpec spec(lantern_plugin);
        spec.given(person.history).as("root", {"user:admin"}).when(command, json::serialize(data));

        const bool is_there = !person.status.empty() && person.status != "deleted";
        if (is_there == (command == "create")) {
            ASSERT_FALSE(spec.rejected().empty()) << command << " of one who is " << person.status;
        }
        if (command == "create" && person.status.empty()) {
            ASSERT_TRUE(spec.rejected().empty()) << json::serialize(data);
        }
        const Person after = folded(person, spec);
        spec.then_keys(after.keys());
        if (!spec.rejected().empty()) return;
        const int moved = after.is_administrator() - person.is_administrator();
        if (moved == 0) spec.then_counted({});
        if (moved > 0) spec.then_counted({"administrators+1>=0"});
        if (moved < 0) spec.then_counted({"administrators-1>=1"});

        // As the append does: all of it or nothing.
        if (moved < 0 && administrators() + moved < 1) return;
        for (const auto& other : people_)
            if (&other != &person && meet(other.keys(), after.keys())) return;
        person = after;
    }

    int administrators() const {
        return static_cast<int>(
            std::count_if(people_.begin(), people_.end(), [](const auto& of) { return of.is_administrator(); }));
    }
    std::set<std::string> event_types() const {
        std::set<std::string> types;
        for (const auto& person : people_)
            for (const auto& event : person.history) types.insert(event.type);
        return types;
    }

private:
    static bool meet(const std::set<std::string>& some, const std::set<std::string>& others) {
        return std::any_of(some.begin(), some.end(), [&](const auto& key) { return others.contains(key); });
    }
    static Person folded(const Person& before, const AggregateSpec& spec) {
        Person after = before;
        for (const auto& emitted : spec.emitted())
            after.history.push_back(event(emitted.type, "user/1", emitted.data).version(emitted.schema_version));
        if (after.history.empty()) return after;
        const auto state = spec.state();
        const auto text = [&](const char* name) { return std::string(state.at(name).as_string()); };
        after.username = text("username");
        after.email = text("email");
        after.role = text("role");
        after.status = text("status");
        return after;
    }
    // Few names in many spellings, so that they meet.
    json::object data_of(const std::string& command) {
        const std::string name = one_of({"sarah", "Sarah", " SARAH ", "tom", "Tom", "eve"});
        const std::string mail = one_of({"a@example.com", "A@Example.com", "b@example.com", "c@example.com"});
        if (command == "create")
            return {{"username", name},          {"email", mail},
                    {"first_name", "F"},         {"last_name", "L"},
                    {"password", "long enough"}, {"role", one_of({"admin", "user"})}};
        if (command == "update") return {{"email", mail}};
        if (command == "change_username") return {{"username", name}};
        if (command == "change_password") return {{"new_password", one_of({"long enough", "longer still"})}};
        if (command == "change_status") return {{"status", one_of({"active", "suspended"})}, {"reason", "r"}};
        return {{"reason", "r"}};
    }
    std::size_t pick(std::size_t count) { return random_() % count; }
    std::string one_of(std::vector<std::string> choices) { return choices[pick(choices.size())]; }

    std::mt19937 random_;
    std::vector<Person> people_;
};

TEST(UserRules, HoldForAnySequenceOfCommands) {
    std::set<std::string> types;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Town town(seed);
        bool had_one = false;
        for (int steps = 0; steps < 60; ++steps) {
            ASSERT_NO_FATAL_FAILURE(town.step());
            had_one = had_one || town.administrators() > 0;
            ASSERT_TRUE(!had_one || town.administrators() > 0) << "the last administrator is gone";
        }
        types.merge(town.event_types());
    }
    EXPECT_THAT(types, testing::ElementsAre("PASSWORD_CHANGED", "USERNAME_CHANGED", "USER_CREATED", "USER_DELETED",
                                            "USER_STATUS_CHANGED", "USER_UPDATED"));
}

}  // namespace
