// A projection that tells what was done with it. Table steps has a row for each event, with how often it was
// applied and after which revision; table heads has, for each stream, a hash over all that was applied, in that
// order. It finds its rows before it writes them, so neither an event that is applied twice nor one out of turn can
// hide.
//
// While the file that its setting `trouble` names holds a word, one event in four fails in that way: retry, reject,
// unavailable, throw, crash, hang, memory.
#include <poll.h>

#include <csignal>
#include <fstream>
#include <vector>

#include <lantern/plugin.hpp>

#include "tests/chaos/chain.hpp"

namespace {

using lantern::Outcome;
using lantern::Type;

constexpr auto kSteps = lantern::Table::owned("steps")
                            .key("id", Type::text)
                            .key("revision", Type::integer)
                            .column("event_id", Type::uuid)
                            .column("times", Type::integer)
                            .column("after", Type::integer);
constexpr auto kHeads = lantern::Table::owned("heads")
                            .key("id", Type::text)
                            .column("revision", Type::integer)
                            .column("applied", Type::integer)
                            .column("chain", Type::text);

class Recorder : public lantern::Projection {
public:
    explicit Recorder(const lantern::Setup& setup)
        : trouble_(lantern::find_text(setup.settings(), "trouble").value_or("")) {}

    static lantern::Description describe() {
        return lantern::Description("chaos_recorder", CHAOS_RECORDER_VERSION)
            .on("CHAOS_STEP")
            .on("CHAOS_TURN")
            .on("USER_CREATED", 2)
            .on("USER_UPDATED")
            .on("USER_DELETED")
            .settings(R"({
                "type": "object",
                "additionalProperties": false,
                "properties": {"trouble": {"type": "string", "description": "A file that says how to fail."}}})")
            .schema_version(1)
            .table(kSteps)
            .table(kHeads);
    }

    Outcome handle(const lantern::Event& event, lantern::Changes& changes) {
        if (!trouble_.empty() && chaos::hash(0, event.id()) % 4 == 0) {
            if (auto outcome = fail(trouble())) return *std::move(outcome);
        }
        record(event, changes);
        return Outcome::applied();
    }

private:
    static void record(const lantern::Event& event, lantern::Changes& changes) {
        std::string chain;
        std::int64_t after = 0, applied = 0, times = 0;
        if (const auto head = changes.find(kHeads, event.aggregate_id())) {
            chain = head->text(kHeads["chain"]);
            after = head->integer(kHeads["revision"]);
            applied = head->integer(kHeads["applied"]);
        }
        if (const auto step = changes.find(kSteps, {event.aggregate_id(), event.revision()}))
            times = step->integer(kSteps["times"]);
        changes.upsert(kSteps, {event.aggregate_id(), event.revision()},
                       {{kSteps["event_id"], event.id()}, {kSteps["times"], times + 1}, {kSteps["after"], after}});
        changes.upsert(kHeads, event.aggregate_id(),
                       {{kHeads["revision"], event.revision()},
                        {kHeads["applied"], applied + 1},
                        {kHeads["chain"], chaos::link(chain, event.id(), event.revision(), event.raw_data())}});
    }

    // Nothing when there is no file.
    std::string trouble() const {
        std::ifstream file(trouble_);
        std::string word;
        file >> word;
        return word;
    }

    std::optional<Outcome> fail(const std::string& how) const {
        if (how == "retry") return Outcome::retry("as the trouble file says");
        if (how == "reject") return Outcome::rejected("as the trouble file says");
        if (how == "unavailable") return Outcome::unavailable("the sea", "as the trouble file says");
        if (how == "throw") throw std::runtime_error("as the trouble file says");
        if (how == "crash") std::raise(SIGSEGV);
        if (how == "memory") eat();
        while (how == "hang" && trouble() == how) ::poll(nullptr, 0, 10);  // until somebody ends us, or the trouble
        return std::nullopt;
    }

    static void eat() {
        constexpr std::size_t kChunk = 32u << 20, kChunks = 48;
        std::vector<std::vector<char>> eaten;
        for (std::size_t at = 0; at < kChunks; ++at) eaten.emplace_back(kChunk, 'x');
        throw std::bad_alloc();
    }

    const std::string trouble_;
};

}  // namespace

LANTERN_PLUGIN(Recorder)
