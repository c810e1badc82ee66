#include "tests/chaos/faults.hpp"

#include <csignal>
#include <iterator>
#include <random>
#include <string_view>

#include "host/core/fault.hpp"
#include "host/postgres/connection.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "tests/support/servers.hpp"

namespace lantern::chaos {
namespace {

using Flow = test::Proxy::Flow;

// One of those whose command line holds the words; nothing when there is none at the moment.
void signal_one(const Place& place, const std::vector<std::string>& words, int number, std::uint64_t dice) {
    const auto found = place.find(words);
    if (!found.empty()) ::kill(found[dice % found.size()], number);
}

// A host that is killed takes its processes with it.
template <int kSignal>
void hit_api(Place& place, std::uint64_t dice) {
    signal_one(place, {" api "}, kSignal, dice);
}
template <int kSignal>
void hit_relay(Place& place, std::uint64_t dice) {
    signal_one(place, {" relay "}, kSignal, dice);
}
template <int kSignal>
void hit_worker(Place& place, std::uint64_t dice) {
    signal_one(place, {" worker "}, kSignal, dice);
}
template <int kSignal>
void hit_host(Place& place, std::uint64_t dice) {
    signal_one(place, {" host "}, kSignal, dice);
}
void wake_all(Place& place) {
    for (const pid_t pid : place.find({})) ::kill(pid, SIGCONT);
}
void nothing(Place&) {}

template <Flow kFlow>
void choke_postgres(Place& place, std::uint64_t dice) {
    place.postgres().set(kFlow, std::chrono::milliseconds(5 + dice % 40));
}
template <Flow kFlow>
void choke_rabbit(Place& place, std::uint64_t dice) {
    place.rabbit().set(kFlow, std::chrono::milliseconds(5 + dice % 400));
}
template <Flow kFlow>
void choke_smtp(Place& place, std::uint64_t dice) {
    place.smtp().set(kFlow, std::chrono::milliseconds(5 + dice % 400));
}
void free_postgres(Place& place) {
    place.postgres().set(Flow::forward);
}
void free_rabbit(Place& place) {
    place.rabbit().set(Flow::forward);
}
void free_smtp(Place& place) {
    place.smtp().set(Flow::forward);
}

void stop_postgres(Place& place, std::uint64_t) {
    place.postgres_wanted = false;
    test::postgres().stop();
}
void kill_postgres(Place& place, std::uint64_t) {
    place.postgres_wanted = false;
    ::kill(test::postgres().pid(), SIGKILL);
}
void start_postgres(Place& place) {
    test::postgres().start();
    place.postgres_wanted = true;
}
void end_backends(Place& place, std::uint64_t) {
    postgres::Connection connection({.url = place.database()});
    connection.query(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()");
}

void stop_rabbit(Place& place, std::uint64_t) {
    place.rabbit_wanted = false;
    test::rabbit().stop();
}
void kill_rabbit(Place& place, std::uint64_t) {
    place.rabbit_wanted = false;
    ::kill(test::rabbit().pid(), SIGKILL);
}
void wipe_rabbit(Place& place, std::uint64_t) {
    place.rabbit_wanted = false;
    test::stop_and_wipe_rabbit();
}
void start_rabbit(Place& place) {
    test::rabbit().start();
    place.rabbit_wanted = true;
}

void trouble(Place& place, std::uint64_t dice) {
    static constexpr const char* kHow[] = {"retry", "reject", "unavailable", "throw"};
    place.trouble(kHow[dice % std::size(kHow)]);
}
void crash(Place& place, std::uint64_t) {
    place.trouble("crash");
}
void hang(Place& place, std::uint64_t) {
    place.trouble("hang");
}
void eat_memory(Place& place, std::uint64_t) {
    place.trouble("memory");
}
void no_trouble(Place& place) {
    place.trouble("");
}

void edit_routing(Place& place, std::uint64_t dice) {
    using Routing = Place::Routing;
    static constexpr Routing kHow[] = {Routing::without_turns, Routing::more_partitions, Routing::broken};
    place.save_routing(kHow[dice % std::size(kHow)]);
}
void restore_routing(Place& place) {
    place.save_routing(Place::Routing::usual);
}
void replace_plugin(Place& place, std::uint64_t) {
    place.put_recorder(Place::Build::next);
}
void restore_plugin(Place& place) {
    place.put_recorder(Place::Build::first);
}

constexpr Kind kKinds[] = {
    {"an api is killed", "processes", hit_api<SIGKILL>, nothing},
    {"the relay is killed", "processes", hit_relay<SIGKILL>, nothing},
    {"a worker is killed", "processes", hit_worker<SIGKILL>, nothing},
    {"a worker is killed", "processes", hit_worker<SIGKILL>, nothing},
    {"the host is killed", "processes", hit_host<SIGKILL>, nothing},
    {"the host is frozen", "processes", hit_host<SIGSTOP>, wake_all},
    {"an api is frozen", "processes", hit_api<SIGSTOP>, wake_all},
    {"the relay is frozen", "processes", hit_relay<SIGSTOP>, wake_all},
    {"a worker is frozen", "processes", hit_worker<SIGSTOP>, wake_all},
    {"a worker is frozen", "processes", hit_worker<SIGSTOP>, wake_all},
    {"PostgreSQL is stopped", "postgres", stop_postgres, start_postgres},
    {"PostgreSQL is killed", "postgres", kill_postgres, start_postgres},
    {"PostgreSQL ends its sessions", "postgres", end_backends, nothing},
    {"PostgreSQL is half-open", "postgres", choke_postgres<Flow::pause>, free_postgres},
    {"PostgreSQL is a black hole", "postgres", choke_postgres<Flow::drop>, free_postgres},
    {"PostgreSQL is cut off", "postgres", choke_postgres<Flow::refuse>, free_postgres},
    {"PostgreSQL is slow", "postgres", choke_postgres<Flow::delay>, free_postgres},
    {"RabbitMQ is stopped", "rabbit", stop_rabbit, start_rabbit},
    {"RabbitMQ is wiped", "rabbit", wipe_rabbit, start_rabbit},
    {"RabbitMQ is killed", "rabbit", kill_rabbit, start_rabbit},
    {"RabbitMQ is half-open", "rabbit", choke_rabbit<Flow::pause>, free_rabbit},
    {"RabbitMQ is a black hole", "rabbit", choke_rabbit<Flow::drop>, free_rabbit},
    {"RabbitMQ is cut off", "rabbit", choke_rabbit<Flow::refuse>, free_rabbit},
    {"RabbitMQ is slow", "rabbit", choke_rabbit<Flow::delay>, free_rabbit},
    {"the mail server is half-open", "smtp", choke_smtp<Flow::pause>, free_smtp},
    {"the mail server is cut off", "smtp", choke_smtp<Flow::refuse>, free_smtp},
    {"a plugin fails", "plugin", trouble, no_trouble},
    {"a plugin crashes", "plugin", crash, no_trouble},
    {"a plugin hangs", "plugin", hang, no_trouble},
    {"a plugin eats memory", "plugin", eat_memory, no_trouble},
    {"the routing is edited", "routing", edit_routing, restore_routing},
    {"a plugin is replaced", "plugin", replace_plugin, restore_plugin},
};

}  // namespace

// A deck of all kinds is shuffled and dealt, then another: no kind comes again before all others came.
std::vector<Planned> draw(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    std::vector<const Kind*> deck;
    std::vector<Planned> plan;
    while (plan.size() < count) {
        if (deck.empty()) {
            for (const Kind& kind : kKinds) deck.push_back(&kind);
            for (std::size_t at = deck.size(); at > 1; --at) std::swap(deck[at - 1], deck[random() % at]);
        }
        const std::uint64_t tries = (20 + random() % 300) * (random() % 5 == 0 ? 5 : 1);
        const Planned next{deck.back(), random(), tries, random() % 4 == 0};
        deck.pop_back();
        if (!plan.empty() && std::string_view(plan.back().kind->on) == next.kind->on) plan.back().overlaps = false;
        plan.push_back(next);
    }
    if (!plan.empty()) plan.back().overlaps = false;
    return plan;
}

std::string text(const Planned& planned) {
    return std::string(planned.kind->name) + (planned.overlaps ? ", and meanwhile" : "");
}

}  // namespace lantern::chaos
