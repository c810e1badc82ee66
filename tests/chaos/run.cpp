#include "tests/chaos/run.hpp"

#include <algorithm>

#include "host/core/fault.hpp"
#include "host/worker/effect_applier.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::chaos {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyWithin = 240s;
constexpr auto kFlowWithin = 240s;
constexpr auto kQuietWithin = 400s;
constexpr std::uint64_t kTriesBefore = 30;

const Handlers kHandlers{{"steady", "troubled"}, "user_read_model", "audit_log", "welcome_email"};
// Those that no fault of another handler, of its plugin or of the mail server may hold back.
const std::vector<std::string> kUnharmed{"steady", "user_read_model", "audit_log"};

}  // namespace

Run::Run(std::uint64_t seed, std::filesystem::path log, Say say)
    : say_(std::move(say)), seed_(seed), place_(std::move(log)) {}

bool Run::until(const std::function<bool()>& holds, std::chrono::seconds within) {
    return test::eventually(
        [&] {
            place_.tend();
            try {
                return holds();
            } catch (const Fault&) {
                return false;  // a session that a fault of the run has ended
            }
        },
        within);
}

std::int64_t Run::number(const std::string& query) {
    postgres::Connection connection({.url = place_.database()});
    return connection.query(query).integer(0, 0);
}

void Run::go(std::size_t count) {
    const auto plan = draw(seed_, count);
    for (const auto& fault : plan) say_("planned: " + text(fault));
    place_.start_host();
    if (!until([&] { return place_.ready(); }, kReadyWithin)) {
        problems_.emplace_back("the host does not become ready");
        return;
    }
    producer_ = std::make_unique<Producer>(place_, seed_);
    until([&] { return producer_->tries() > kTriesBefore; }, kFlowWithin);
    for (std::size_t at = 0; at < plan.size() && problems_.empty(); ++at) {
        const std::size_t first = at;
        plan[at].kind->begin(place_, plan[at].dice);
        while (plan[at].overlaps) {
            ++at;
            plan[at].kind->begin(place_, plan[at].dice);
        }
        hold(plan[at]);
        std::string names;
        for (std::size_t ended = first; ended <= at; ++ended) {
            plan[ended].kind->end(place_);
            names += text(plan[ended]) + (ended < at ? " " : "");
        }
        expect_flow(names);
    }
}

// While the producer tries so often: seconds, when servers answer; when they don't, a try takes longer.
void Run::hold(const Planned& fault) {
    const auto then = producer_->tries() + fault.tries;
    until([&] { return producer_->tries() >= then; }, 30s);
}

// One line for each handler that has not yet applied all that was stored up to the position.
std::vector<std::string> Run::behind(std::int64_t position) {
    postgres::Connection connection({.url = place_.database()});
    std::vector<std::string> found;
    for (const auto& handler : kUnharmed) {
        const auto waiting = connection.query(
            "select count(*) from lantern.events e join lantern.routes r on r.handler = $1 and r.event_type = "
            "e.type"
            " and e.position > r.begin_position and e.position <= coalesce(r.end_position, e.position)"
            " left join " +
                handler +
                ".lantern_streams s on s.stream_id = e.stream_id"
                " where e.position <= $2 and coalesce(s.revision, 0) < e.revision",
            postgres::Params{}.add(handler).add(position));
        if (waiting.integer(0, 0) > 0)
            found.push_back(handler + " has yet to apply " + waiting.text(0, 0) + " events");
    }
    return found;
}

void Run::expect_flow(const std::string& after) {
    std::int64_t stored = 0;
    std::vector<std::string> waiting{"the store does not answer"};
    const auto began = std::chrono::steady_clock::now();
    until([&] { return (stored = number("select max(position) from lantern.events")) > 0; }, kFlowWithin);
    const bool flows = until([&] { return (waiting = behind(stored)).empty(); }, kFlowWithin);
    const auto took = std::chrono::steady_clock::now() - began;
    say_(after + ": all is applied again after " +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()) + " ms");
    if (flows) return;
    for (const auto& line : waiting) problems_.push_back("after " + after + ": " + line);
    problems_.push_back(place_.lantern({"status"}).output);
}

void Run::retry_dead() {
    std::int64_t dead = 0;
    for (const char* handler : {"troubled", "welcome_email"})
        dead += number("select count(*) from " + std::string(handler) + ".lantern_streams where state = 2");
    if (dead > 0) place_.lantern({"parked", "retry", "--all", "--reason", "the trouble is over"});
}

std::vector<std::string> Run::check() {
    postgres::Connection connection({.url = place_.database()});
    const Story story = read_story(connection);
    const Tables shown = read_tables(connection, kHandlers);
    std::vector<std::string> found = broken_streams(story);
    if (connection.query("select from lantern.routes where begin_position is null").size() > 0)
        found.emplace_back("a route has not begun");
    const auto add = [&](const std::vector<std::string>& more) {
        found.insert(found.end(), more.begin(), more.end());
    };
    add(lost(story, accepted_));
    add(differences(shown, fold(story, kHandlers)));
    add(broken_chains(shown.at(kHandlers.audit + ".audit_log")));
    std::map<std::string, std::string> events;  // by the key that its mail must have
    for (const auto& fact : story.facts)
        events[worker::EffectApplier::idempotency_key(HandlerName{kHandlers.mailer}, *Uuid::parse(fact.id))
                   .text()] = fact.id;
    Mails mails;
    for (const auto& [key, count] : place_.mails()) mails[events.contains(key) ? events.at(key) : key] = count;
    add(wrong_mails(shown.at("lantern.effects"), mails));
    return found;
}

void Run::settle() {
    if (!producer_) return;
    accepted_ = producer_->finish();
    say_(std::to_string(accepted_.size()) + " events accepted in " + std::to_string(producer_->tries()) + " tries");
    std::vector<std::string> wrong;
    const bool quiet = until(
        [&] {
            wrong = check();
            if (!wrong.empty()) retry_dead();
            return wrong.empty();
        },
        kQuietWithin);
    if (!quiet) {
        problems_.push_back(place_.lantern({"status"}).output);
        problems_.insert(problems_.end(), wrong.begin(), wrong.end());
    }
    const auto ended = place_.stop_host();
    if (!ended.clean()) problems_.push_back("the host ended with " + ended.text());
    if (const auto left = place_.orphans(); !left.empty())
        problems_.push_back(std::to_string(left.size()) + " processes outlive their host");
    // What ended last may still have written.
    if (quiet) {
        const auto then = check();
        problems_.insert(problems_.end(), then.begin(), then.end());
    }
}

}  // namespace lantern::chaos
