// A store and a broker in memory, as the relay sees them. They check what no relay may ever do: note progress
// beyond an event that the broker did not confirm.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "host/core/clock.hpp"
#include "host/core/fault.hpp"
#include "host/core/limits.hpp"
#include "host/relay/ports.hpp"

namespace lantern::relay::test {

class FakeClock final : public Clock {
public:
    Timestamp now() override {
        return Timestamp{std::chrono::microseconds{steady_.time_since_epoch().count() / 1000}};
    }
    std::chrono::steady_clock::time_point steady() override { return steady_; }
    void pass(Milliseconds time) { steady_ += time; }

private:
    std::chrono::steady_clock::time_point steady_{std::chrono::hours{1}};
};

// Fails one call of a port, counted from now: before it did anything, or after it did all but answer.
class Faults final {
public:
    enum class When { before, after };

    void fail_call(int n, When when) {
        until_ = n;
        when_ = when;
        fired_ = false;
    }
    bool fired() const { return fired_; }

    template <class Work>
    auto around(Work work) {
        const bool now = until_ > 0 && --until_ == 0;
        if (now && when_ == When::before) fail();
        auto answer = work();
        if (now) fail();
        return answer;
    }

private:
    void fail() {
        fired_ = true;
        throw Fault(FaultKind::outage, "fake", "as ordered");
    }

    int until_ = 0;
    When when_ = When::before;
    bool fired_ = false;
};

class FakeBroker final : public Publisher {
public:
    explicit FakeBroker(Faults& faults) : faults_(faults) {}

    void hold() { confirms_left_ = 0; }               // confirms nothing any more
    void confirm_only(int n) { confirms_left_ = n; }  // and nothing after these
    void release() { confirms_left_ = -1; }
    void lose_topology() { topology_ = false; }
    // Called in the next publish, before anything is confirmed.
    void in_next_publish(std::function<void()> then) { then_ = std::move(then); }

    void declare_topology() override {
        faults_.around([&] { return topology_ = true; });
        lost_ = false;
        ++declared;
    }
    void service() override {
        faults_.around([] { return 0; });
    }
    std::size_t publish(std::span<const Event> events) override {
        if (then_) std::exchange(then_, nullptr)();
        return faults_.around([&] { return accept(events); });
    }
    bool topology_was_lost() override { return lost_; }

    std::vector<Event> published;
    std::set<std::int64_t> confirmed;  // positions
    int declared = 0;

private:
    std::size_t accept(std::span<const Event> events) {
        if (declared == 0) throw Fault(FaultKind::outage, "fake", "not connected");
        std::map<StreamId, Revision> last;
        std::size_t prefix = 0;
        for (const Event& event : events) {
            EXPECT_LT(last[event.stream], event.revision);
            last[event.stream] = event.revision;
            published.push_back(event);
            if (!topology_) {
                lost_ = true;
                continue;
            }
            if (confirms_left_ == 0) continue;
            if (confirms_left_ > 0) --confirms_left_;
            confirmed.insert(event.position.value);
            ++prefix;
        }
        return prefix;
    }

    Faults& faults_;
    std::function<void()> then_;
    int confirms_left_ = -1;
    bool topology_ = true;
    bool lost_ = false;
};

// Transactions become visible in the order of their commits, not of their positions. A mark's snapshot is the
// number of commits that it has seen.
class FakeStore final : public Source {
public:
    explicit FakeStore(Faults& faults) : faults_(faults) {}

    // Draws positions for `count` events of a stream; invisible until commit.
    using Transaction = std::vector<Event>;
    Transaction begin(std::int64_t stream, int count) {
        Transaction events;
        for (int i = 0; i < count; ++i) {
            Event event;
            event.stream = StreamId{stream};
            event.revision = Revision{++revisions_[stream]};
            event.position = Position{++position_};
            event.type = "HAPPENED";
            events.push_back(event);
        }
        return events;
    }
    void commit(const Transaction& transaction) {
        ++commits_;
        for (const Event& event : transaction) by_position_.emplace(event.position, Committed{event, commits_});
    }
    void append(std::int64_t stream, int count = 1) { commit(begin(stream, count)); }

    bool anything_since(const Mark& from, Milliseconds) override {
        return faults_.around([&] {
            for (const auto& [position, row] : by_position_) {
                if (row.commit > seen(from)) return true;
            }
            return pretend_new_;
        });
    }
    Mark take_mark() override {
        ++marks_taken;
        return faults_.around([&] { return Mark{Position{position_}, std::to_string(commits_), {}}; });
    }
    Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) override {
        return faults_.around([&] {
            Page page;
            for (const auto& [position, row] : by_position_) {
                if (position <= after || row.commit <= seen(from) || row.commit > seen(to)) continue;
                if (page.events.size() == limit) {
                    page.last = false;
                    break;
                }
                page.events.push_back(row.event);
            }
            return page;
        });
    }
    // anything_since says yes though there is nothing, as after an aborted append.
    void pretend_new(bool on) { pretend_new_ = on; }

    static std::uint64_t seen(const Mark& mark) { return mark.snapshot == "1:1:" ? 0 : std::stoull(mark.snapshot); }
    // What progress claims to be safe.
    std::vector<Event> covered(const Progress& progress) const {
        std::vector<Event> events;
        for (const auto& [position, row] : by_position_) {
            const bool in_slice =
                progress.target && row.commit <= seen(*progress.target) && position <= progress.cursor;
            if (row.commit <= seen(progress.mark) || in_slice) events.push_back(row.event);
        }
        return events;
    }
    std::size_t size() const { return by_position_.size(); }

    int marks_taken = 0;

private:
    struct Committed {
        Event event;
        std::uint64_t commit;
    };
    Faults& faults_;
    std::map<Position, Committed> by_position_;
    std::map<std::int64_t, std::int64_t> revisions_;
    std::int64_t position_ = 0;
    std::uint64_t commits_ = 0;
    bool pretend_new_ = false;
};

// The row that all relays of a test share.
struct RelayRow {
    std::int64_t epoch = 0;
    int leader = 0;
    std::chrono::steady_clock::time_point seen_at;
    Progress progress;
    int writes = 0;
};

class FakeLeadership final : public Leadership {
public:
    FakeLeadership(int self, RelayRow& row, FakeStore& store, FakeBroker& broker, FakeClock& clock, Faults& faults)
        : self_(self), row_(row), store_(store), broker_(broker), clock_(clock), faults_(faults) {}

    std::optional<Epoch> hold() override {
        return faults_.around([&]() -> std::optional<Epoch> {
            const bool dead = row_.leader == 0 || clock_.steady() - row_.seen_at > limits::kHeartbeatDead;
            const bool claims = !std::exchange(leads_, false);
            if (row_.leader != self_ && !(claims && dead)) return std::nullopt;
            if (row_.leader != self_) ++row_.epoch;
            leads_ = true;
            row_.leader = self_;
            row_.seen_at = clock_.steady();
            return Epoch{row_.epoch};
        });
    }
    Progress progress() override {
        return faults_.around([&] { return row_.progress; });
    }
    bool advance(Epoch epoch, const Progress& before, const Progress& after) override {
        return faults_.around([&] {
            if (epoch.value != row_.epoch || !(before == row_.progress)) return false;
            for (const Event& event : store_.covered(after)) {
                EXPECT_TRUE(broker_.confirmed.contains(event.position.value))
                    << "progress passed position " << event.position.value << ", which is not confirmed";
            }
            row_.progress = after;
            ++row_.writes;
            return true;
        });
    }
    void resign() override {
        leads_ = false;
        faults_.around([&] { return row_.leader == self_ ? row_.leader = 0 : 0; });
    }

private:
    const int self_;
    bool leads_ = false;
    RelayRow& row_;
    FakeStore& store_;
    FakeBroker& broker_;
    FakeClock& clock_;
    Faults& faults_;
};

}  // namespace lantern::relay::test
