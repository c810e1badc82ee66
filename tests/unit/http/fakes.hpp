// An api over fakes: requests go in as values, responses come out as values.
#pragma once

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "host/http/api.hpp"
#include "tests/unit/command/fakes.hpp"
#include "tests/unit/intake/fakes.hpp"

namespace lantern::http::fakes {

class FakeReads final : public Reads {
public:
    std::mutex mutex;
    RowAnswer row_answer;        // guarded by mutex
    std::string refusal;         // guarded by mutex; not empty: the question is malformed
    bool down = false;           // guarded by mutex
    int looks = 0;               // guarded by mutex
    std::function<void()> look;  // guarded by mutex; called at each row query, may change row_answer
    RowsQuery asked;             // guarded by mutex
    HistoryAnswer history_answer;
    std::optional<DeliveriesAnswer> deliveries_answer;

    Result<RowAnswer> row(const RowQuery&) override {
        std::lock_guard lock(mutex);
        check();
        ++looks;
        if (look) look();
        if (!refusal.empty()) return failure(refusal);
        return row_answer;
    }
    Result<RowsAnswer> rows(const RowsQuery& query) override {
        std::lock_guard lock(mutex);
        check();
        asked = query;
        if (!refusal.empty()) return failure(refusal);
        return RowsAnswer{{"{\"n\":1}", "{\"n\":2}"},
                          query.cursor.empty() ? std::optional<std::string>("[2]") : std::nullopt};
    }
    HistoryAnswer history(const HistoryQuery&) override {
        std::lock_guard lock(mutex);
        check();
        return history_answer;
    }
    std::optional<DeliveriesAnswer> deliveries(EventId) override {
        std::lock_guard lock(mutex);
        check();
        return deliveries_answer;
    }
    std::map<std::string, std::string> declarations() override {
        std::lock_guard lock(mutex);
        check();
        return {{"fake_handler", "[]"}};
    }
    void ping() override {
        std::lock_guard lock(mutex);
        check();
    }

private:
    void check() const {
        if (down) throw Fault(FaultKind::outage, "fake reads", "down");
    }
};

// Forwards to a store that all workers share.
class SharedStore final : public command::Store {
public:
    SharedStore(command::fakes::MemoryStore& store, std::mutex& mutex) : store_(store), mutex_(mutex) {}
    command::LoadedStream load(const std::string& type, const std::string& id, int version,
                               const std::string& build, const command::Range& range) override {
        std::lock_guard lock(mutex_);
        return store_.load(type, id, version, build, range);
    }
    Result<command::Appended, command::AppendRefusal> append(const command::Append& append) override {
        std::lock_guard lock(mutex_);
        return store_.append(append);
    }
    std::optional<command::IdempotencyRecord> recorded(const std::string& caller, const std::string& route,
                                                       const std::string& key) override {
        std::lock_guard lock(mutex_);
        return store_.recorded(caller, route, key);
    }
    std::optional<std::string> holder(const std::string& type, const command::UniqueKey& key) override {
        std::lock_guard lock(mutex_);
        return store_.holder(type, key);
    }

private:
    command::fakes::MemoryStore& store_;
    std::mutex& mutex_;
};

class SharedArrivals final : public intake::Arrivals {
public:
    SharedArrivals(intake::Arrivals& arrivals, std::mutex& mutex) : arrivals_(arrivals), mutex_(mutex) {}
    std::vector<bool> known(std::span<const intake::Arrival> events) override {
        std::lock_guard lock(mutex_);
        return arrivals_.known(events);
    }
    Result<std::vector<intake::Recorded>, intake::Refusal> append(const intake::Append& append) override {
        std::lock_guard lock(mutex_);
        return arrivals_.append(append);
    }

private:
    intake::Arrivals& arrivals_;
    std::mutex& mutex_;
};

class SharedReads final : public Reads {
public:
    explicit SharedReads(FakeReads& reads) : reads_(reads) {}
    Result<RowAnswer> row(const RowQuery& query) override { return reads_.row(query); }
    Result<RowsAnswer> rows(const RowsQuery& query) override { return reads_.rows(query); }
    HistoryAnswer history(const HistoryQuery& query) override { return reads_.history(query); }
    std::optional<DeliveriesAnswer> deliveries(EventId event) override { return reads_.deliveries(event); }
    std::map<std::string, std::string> declarations() override { return reads_.declarations(); }
    void ping() override { reads_.ping(); }

private:
    FakeReads& reads_;
};

class FakeAdmissions final : public Admissions {
public:
    std::mutex mutex;
    std::map<std::string, int> taken;  // guarded by mutex; as many acts as the rate has, no more
    std::set<std::string> denied_ids;  // guarded by mutex
    int questions = 0;                 // guarded by mutex; whether a token is denied
    bool down = false;                 // guarded by mutex

    Milliseconds take(const std::vector<Allowance>& allowances) override {
        std::lock_guard lock(mutex);
        check();
        for (const auto& of : allowances)
            if (taken[of.name] >= of.rate.acts) return Milliseconds{1500};
        for (const auto& of : allowances) ++taken[of.name];
        return Milliseconds{0};
    }
    void give_back(const std::vector<Allowance>& allowances) override {
        std::lock_guard lock(mutex);
        for (const auto& of : allowances) --taken[of.name];
    }
    void deny(const std::string& token_id, Timestamp) override {
        std::lock_guard lock(mutex);
        denied_ids.insert(token_id);
    }
    bool denied(const std::string& token_id) override {
        std::lock_guard lock(mutex);
        check();
        ++questions;
        return denied_ids.contains(token_id);
    }

private:
    void check() const {
        if (down) throw Fault(FaultKind::outage, "fake admissions", "down");
    }
};

class SharedAdmissions final : public Admissions {
public:
    explicit SharedAdmissions(FakeAdmissions& admissions) : admissions_(admissions) {}
    Milliseconds take(const std::vector<Allowance>& of) override { return admissions_.take(of); }
    void give_back(const std::vector<Allowance>& of) override { admissions_.give_back(of); }
    void deny(const std::string& id, Timestamp until) override { admissions_.deny(id, until); }
    bool denied(const std::string& id) override { return admissions_.denied(id); }

private:
    FakeAdmissions& admissions_;
};

// Tokens that anyone can read: "signed", number; the claims are kept here.
class FakeTokens final : public Tokens {
public:
    std::string sign(const Claims& claims) const override {
        std::lock_guard lock(mutex_);
        signed_.push_back(claims);
        return "signed " + std::to_string(signed_.size() - 1);
    }
    std::optional<Claims> read(std::string_view token) const override {
        std::lock_guard lock(mutex_);
        if (!token.starts_with("signed ")) return std::nullopt;
        return signed_.at(static_cast<std::size_t>(std::stoi(std::string(token.substr(7)))));
    }

private:
    mutable std::mutex mutex_;
    mutable std::vector<Claims> signed_;  // guarded by mutex_
};

// Keeps what was asked until it is released.
class HeldServices final : public command::Services {
public:
    bool answer(std::vector<command::Ask> asks, Done done) override {
        std::lock_guard lock(mutex_);
        if (full) return false;
        if (at_once) return done(at_once(asks)), true;
        held_.emplace_back(asks.size(), std::move(done));
        changed_.notify_all();
        return true;
    }
    void wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return held_.size() >= count; });
    }
    void release() {
        std::vector<std::pair<std::size_t, Done>> held;
        {
            std::lock_guard lock(mutex_);
            held.swap(held_);
        }
        for (auto& [count, done] : held) done(std::vector<std::string>(count, "\"hash of it\""));
    }
    void drop() {
        std::lock_guard lock(mutex_);
        held_.clear();
    }
    std::atomic<bool> full = false;
    // Not held but answered by this.
    std::function<std::vector<std::string>(const std::vector<command::Ask>&)> at_once;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<std::size_t, Done>> held_;
};

class SharedHeads final : public command::Heads {
public:
    Revision newest(const std::string& type, const std::string& id) override {
        std::lock_guard lock(mutex_);
        return heads_[type + "/" + id];
    }
    void note(const std::string& type, const std::string& id, Revision head) override {
        std::lock_guard lock(mutex_);
        heads_[type + "/" + id] = head;
    }

private:
    std::mutex mutex_;
    std::map<std::string, Revision> heads_;  // guarded by mutex_
};

class CountingAnnouncer final : public command::Announcer {
public:
    void announce() override { ++count; }
    std::atomic<int> count = 0;
};

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
    Workers workers_{2,
                     {[this]() -> std::unique_ptr<command::Store> {
                          if (store_down) throw Fault(FaultKind::outage, "fake store", "refused");
                          return std::make_unique<SharedStore>(store, store_mutex);
                      },
                      [this] { return std::make_unique<SharedReads>(reads); },
                      [this] { return std::make_unique<SharedAdmissions>(admissions); },
                      [this]() -> std::unique_ptr<intake::Arrivals> {
                          if (store_down) throw Fault(FaultKind::outage, "fake store", "refused");
                          return std::make_unique<SharedArrivals>(arrivals, store_mutex);
                      }}};
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
