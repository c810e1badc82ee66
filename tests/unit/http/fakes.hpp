// An api over fakes: requests go in as values, responses come out as values.
#pragma once

#include <future>

#include "tests/unit/http/fake_ports.hpp"

namespace lantern::http::fakes {

class FakeApi {
public:
    static constexpr const char* kToken = "a token of some length";

    command::fakes::MemoryStore store;
    std::mutex store_mutex;
    intake::fakes::MemoryArrivals arrivals{store};
    FakeReads reads;
    FakeAdmissions admissions;
    FakeTokens tokens;
    HeldServices services;
    CountingAnnouncer announcer;
    std::atomic<bool> store_down = false;
    Commands::Check check;  // set before the first request

    ~FakeApi() {
        services.drop();
        workers_.stop();
    }

    std::future<Response> send(Request request) {
        auto promise = std::make_shared<std::promise<Response>>();
        auto response = promise->get_future();
        api_->handle(std::move(request), [promise](Response of) { promise->set_value(std::move(of)); });
        return response;
    }
    Response call(const std::string& method, const std::string& target, const std::string& body = "",
                  std::vector<Header> headers = {}) {
        return send(request(method, target, body, std::move(headers))).get();
    }
    static Request request(const std::string& method, const std::string& target, const std::string& body = "",
                           std::vector<Header> headers = {}) {
        Request request{method, target, body, "127.0.0.1", std::move(headers)};
        request.headers.push_back({"Authorization", std::string("Bearer ") + kToken});
        request.headers.push_back({"Content-Type", "application/json"});
        return request;
    }
    Api& api() { return *api_; }

private:
    static CommandRoute command(const std::string& method, const std::string& path, const std::string& name) {
        CommandRoute route;
        route.method = method;
        route.path = path;
        route.aggregate = "account";
        route.command = name;
        route.scope = name == "close" ? "account:close" : "";
        route.creates = name == "open";
        route.status = name == "open" ? 201 : 200;
        return route;
    }
    static HttpSettings make_settings() {
        HttpSettings settings;
        settings.body_bytes_max = 1000;
        settings.origins = {"https://app.example.com"};
        auto& auth = settings.auth;
        auth.path = "/auth/";
        auth.aggregate = "account";
        auth.keys = {"name"};
        auth.secret = "hash";
        auth.require = {{"status", "open"}};
        auth.epoch = "epoch";
        auth.name = "name";
        auth.scopes = {{"", {"account:add"}}};
        auth.per_name = {3, std::chrono::minutes(1)};
        auth.revoked_within = std::chrono::hours(1);
        settings.commands = {command("POST", "/accounts/", "open"),
                             command("PUT", "/accounts/{id}/", "rename"),
                             command("POST", "/accounts/{id}/add/", "add"),
                             command("DELETE", "/accounts/{id}/", "close"),
                             command("PUT", "/accounts/{id}/guard/", "guard"),
                             command("PUT", "/accounts/{id}/fail/", "fail")};
        settings.commands[1].access = Access::self;  // rename
        settings.commands[1].scope = "account:any";
        auto blind = command("POST", "/accounts/forgotten/", "close");
        blind.access = Access::anyone;
        blind.scope = "";
        blind.id_field = blind.key = "name";
        blind.blind = true;
        blind.status = 202;
        blind.per_address = Rate{2, std::chrono::minutes(1)};
        settings.commands.push_back(blind);
        QueryRoute row;
        row.path = "/accounts/{id}/";
        row.aggregate = "account";
        QueryRoute rows;
        rows.kind = QueryRoute::Kind::rows;
        rows.path = "/audit/";
        rows.filters = {{"actor", "actor_id", QueryFilter::Compare::equal}};
        rows.sorts = {"time", "actor"};
        QueryRoute history;
        history.kind = QueryRoute::Kind::history;
        history.path = "/accounts/{id}/history/";
        history.aggregate = "account";
        QueryRoute state;
        state.kind = QueryRoute::Kind::state;
        state.path = "/accounts/{id}/at/";
        state.aggregate = "account";
        QueryRoute deliveries;
        deliveries.kind = QueryRoute::Kind::deliveries;
        deliveries.path = "/events/{id}/deliveries/";
        settings.queries = {row, rows, history, state, deliveries};
        return settings;
    }

    const HttpSettings settings_ = make_settings();
    command::Aggregates aggregates_{
        {"account", {std::make_shared<command::fakes::Account>(), std::make_shared<command::fakes::NoUpcasts>()}}};
    command::StreamCache cache_{1u << 20};
    SharedHeads heads_;
    command::fakes::PlainMac mac_;
    SystemClock clock_;
    Workers workers_{4,
                     {[this] { return std::make_unique<SharedStore>(store, store_mutex, store_down); },
                      [this] { return std::make_unique<SharedReads>(reads); },
                      [this] { return std::make_unique<SharedAdmissions>(admissions); },
                      [this] { return std::make_unique<SharedArrivals>(arrivals, store_mutex, store_down); }}};
    const IntakeSettings intake_settings_{"/events/", "event:append", "", {}, IntakeSettings::UnknownTypes::refuse};
    const std::set<std::string> owned_{"account"};
    const intake::Intake intake_{{intake_settings_, owned_, aggregates_,
                                  [](const std::string& type, int) { return type == "PLACED"; },
                                  [](const intake::Arrival& event) -> std::vector<command::Rejection> {
                                      if (event.data != "\"bad\"") return {};
                                      return {{command::RejectionKind::invalid, "valid_data", "", "is bad", ""}};
                                  },
                                  heads_, clock_}};
    std::unique_ptr<Api> api_ =
        std::make_unique<Api>(Api::World{settings_,
                                         {aggregates_, cache_, heads_, mac_, clock_},
                                         services,
                                         announcer,
                                         workers_,
                                         [](const Event&) { return std::string("{\"shown\":true}"); },
                                         [this](const CommandRoute& route, std::string_view data) {
                                             return check ? check(route, data) : std::vector<command::Rejection>{};
                                         },
                                         [](std::string_view token) -> std::optional<command::Actor> {
                                             if (token == kToken) return command::Actor{"admin", "Admin", {"*"}};
                                             if (token == "reader")
                                                 return command::Actor{"reader", "Reader", {"read"}};
                                             return std::nullopt;
                                         },
                                         &tokens,
                                         "decoy",
                                         {},
                                         {},
                                         &intake_});
};

inline std::string header(const Response& response, const std::string& name) {
    for (const auto& of : response.headers)
        if (of.name == name) return of.value;
    return {};
}

}  // namespace lantern::http::fakes
