// What the api answers from tables, and logins.
#include <fstream>
#include <sstream>

#include "tests/bench/clients.hpp"

namespace lantern::bench {
namespace {

// Logins are limited by name and address; here one user does nothing else.
void lift_login_limits(const Place& place) {
    const auto file = place.directory() / "config" / "lantern.yaml";
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    std::string yaml = text.str();
    for (const std::string limit : {"per_name: 10/m", "per_address: 100/m"}) {
        const auto at = yaml.find(limit);
        if (at == std::string::npos) {
            std::fprintf(stderr, "config/lantern.yaml has no \"%s\"\n", limit.c_str());
            std::exit(1);
        }
        yaml.replace(at, limit.size(), limit.substr(0, limit.find(':')) + ": 1000000/m");
    }
    std::ofstream(file) << yaml;
}

// The path that a page's member `name` links to; empty: none.
std::string link_of(const std::string& page, const std::string& name) {
    const std::string member = '"' + name + "\":\"";
    const auto at = page.rfind(member);
    if (at == std::string::npos) return {};
    const auto begin = at + member.size();
    return page.substr(begin, page.find('"', begin) - begin);
}

void one_user(Place& place, int users) {
    for (const int clients : {1, 8, 32}) {
        const Load load = run_clients(place, clients, [users](HttpClient& client, std::int64_t n) {
            return client.send("GET", path_of(static_cast<int>(1 + (n * 7919) % users)), "").status;
        });
        report(
            "read, one user", load, "answers/s",
            std::to_string(clients) + " clients, with its as-of revision" + (clients == 32 ? "; goal 15 000" : ""));
    }
}

// Each client goes from page to page.
void pages(Place& place, const std::string& sort) {
    for (const int clients : {1, 8}) {
        const Load load = run_clients(place, clients, [&](HttpClient& client, std::int64_t) {
            thread_local std::string next;
            if (next.empty()) next = "/v1/users/" + sort;
            const auto page = client.send("GET", next, "");
            next = link_of(page.body, "next");
            return page.status;
        });
        report(
            "list, one page after another", load, "pages/s",
            std::to_string(clients) + " clients, " + (sort.empty() ? "newest first" : sort) + "; goal p99 10 ms");
    }
}

void logins(Place& place) {
    HttpClient admin(place.http_port(), place.token());
    admin.send("POST", "/v1/users/",
               R"({"username":"somebody","email":"s@example.com","first_name":"A","last_name":"B",)"
               R"("password":"correct horse"})");
    for (const int clients : {1, 8}) {
        const Load load = run_clients(place, clients, [](HttpClient& client, std::int64_t) {
            return client.send("POST", "/v1/auth/login/", R"({"username":"somebody","password":"correct horse"})")
                .status;
        });
        report("login", load, "logins/s",
               std::to_string(clients) + " clients, Argon2id with 19 MiB and 2 passes" +
                   (clients == 1 ? ", " + number(1000 / load.rate) + " ms each" : ""));
    }
}

}  // namespace

void reads() {
    Place place(kOnlyReadModel);
    lift_login_limits(place);
    const int users = static_cast<int>(share_of(1'000'000));
    place.fill_store(users, 0);
    auto host = place.host("api,worker,relay");
    place.wait_for("the read model", "select count(*) from user_read_model.users", users, std::chrono::minutes(10));
    place.database().script("vacuum analyze user_read_model.users");
    wait_for_api(place);
    one_user(place, users);
    pages(place, "");
    pages(place, "?sort=username");
    logins(place);
    host->stop(std::chrono::seconds(20));
}

}  // namespace lantern::bench
