// The ports of an api as fakes: what it asks of the world, in memory.
#pragma once

#include <atomic>
#include <condition_variable>
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
    RowAnswer row_answer;                      // guarded by mutex
    std::string refusal;                       // guarded by mutex; not empty: the question is malformed
    bool down = false;                         // guarded by mutex
    int looks = 0;                             // guarded by mutex
    std::function<void()> look;                // guarded by mutex; called at each row query, may change row_answer
    std::function<void()> entered;             // set before the first request; called at each row query
    std::map<std::string, RowAnswer> rows_of;  // guarded by mutex; by id, instead of row_answer
    std::map<std::string, FaultKind> failing_ids;  // guarded by mutex; a row query that names one fails
    RowsQuery asked;                               // guarded by mutex
    HistoryAnswer history_answer;
    std::optional<DeliveriesAnswer> deliveries_answer;

    std::vector<RowAnswer> row(const RowQuery& query) override {
        if (entered) entered();
        std::lock_guard lock(mutex);
        check();
        ++looks;
        if (look) look();
        std::vector<RowAnswer> answers;
        for (const auto& id : query.aggregate_ids) {
            if (const auto fails = failing_ids.find(id); fails != failing_ids.end())
                throw Fault(fails->second, "fake reads", "as it was told");
            const auto own = rows_of.find(id);
            answers.push_back(own == rows_of.end() ? row_answer : own->second);
        }
        return answers;
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

// A store that all workers share, and whether it is away.
class Shared {
public:
    Shared(std::mutex& mutex, const std::atomic<bool>& down) : mutex_(mutex), down_(down) { check(); }

protected:
    std::unique_lock<std::mutex> enter() {
        check();
        return std::unique_lock(mutex_);
    }

private:
    void check() const {
        if (down_) throw Fault(FaultKind::outage, "fake store", "refused");
    }

    std::mutex& mutex_;
    const std::atomic<bool>& down_;
};

class SharedStore final : public command::Store, Shared {
public:
    SharedStore(command::fakes::MemoryStore& store, std::mutex& mutex, const std::atomic<bool>& down)
        : Shared(mutex, down), store_(store) {}
    command::LoadedStream load(const std::string& type, const std::string& id, int version,
                               const std::string& build, const command::Range& range) override {
        const auto lock = enter();
        return store_.load(type, id, version, build, range);
    }
    command::AppendOutcome append(const command::Append& append) override {
        const auto lock = enter();
        return store_.append(append);
    }
    std::vector<std::optional<command::AppendOutcome>> append_group(
        const std::vector<const command::Append*>& group) override {
        const auto lock = enter();
        return store_.append_group(group);
    }
    std::optional<command::IdempotencyRecord> recorded(const std::string& caller, const std::string& route,
                                                       const std::string& key) override {
        const auto lock = enter();
        return store_.recorded(caller, route, key);
    }
    std::optional<std::string> holder(const std::string& type, const command::UniqueKey& key) override {
        const auto lock = enter();
        return store_.holder(type, key);
    }

private:
    command::fakes::MemoryStore& store_;
};

class SharedArrivals final : public intake::Arrivals, Shared {
public:
    SharedArrivals(intake::Arrivals& arrivals, std::mutex& mutex, const std::atomic<bool>& down)
        : Shared(mutex, down), arrivals_(arrivals) {}
    std::vector<bool> known(std::span<const intake::Arrival> events) override {
        const auto lock = enter();
        return arrivals_.known(events);
    }
    Result<std::vector<intake::Recorded>, intake::Refusal> append(const intake::Append& append) override {
        const auto lock = enter();
        return arrivals_.append(append);
    }

private:
    intake::Arrivals& arrivals_;
};

class SharedReads final : public Reads {
public:
    explicit SharedReads(FakeReads& reads) : reads_(reads) {}
    std::vector<RowAnswer> row(const RowQuery& query) override { return reads_.row(query); }
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

}  // namespace lantern::http::fakes
