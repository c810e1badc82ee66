// What comes to a handler's worker in memory: the store, and the queues with their messages. Each port can be told
// to fail its next calls.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/core/fault.hpp"
#include "host/worker/ports.hpp"

namespace lantern::worker::fake {

// Fails the n-th call from now on, counted over all ports that share it.
class Trouble {
public:
    void fail_call(int n, Fault fault) {
        countdown_ = n;
        fault_ = std::move(fault);
    }
    void call() {
        if (countdown_ > 0 && --countdown_ == 0) {
            ++struck_;
            throw *fault_;
        }
    }
    int struck() const { return struck_; }

private:
    int countdown_ = 0;
    int struck_ = 0;
    std::optional<Fault> fault_;
};

class Store final : public History {
public:
    explicit Store(Trouble& trouble) : trouble_(trouble) {}

    Event append(std::int64_t stream, std::string type, std::string data = "{}") {
        Event event;
        event.id = Uuid::v7(Timestamp{}, events_.size() + 1, 0);
        event.stream = StreamId{stream};
        event.revision = Revision{++heads_[stream]};
        event.position = Position{++position_};
        event.aggregate_type = "thing";
        event.aggregate_id = "thing-" + std::to_string(stream);
        event.type = std::move(type);
        event.data = std::move(data);
        event.metadata = "{}";
        events_.push_back(event);
        return event;
    }

    // So many positions are others'.
    void pass(std::int64_t positions) { position_ += positions; }

    Filled between(std::span<const Gap> gaps, const Routes& routes, std::size_t limit) override {
        trouble_.call();
        ++reads;
        limit = std::min(limit, fill_max);
        Filled filled;
        std::vector<Event> all;  // in the order of the gaps, as the store answers
        for (const auto& gap : gaps) {
            for (const auto& event : events_) {
                if (event.stream == gap.stream && event.revision > gap.after &&
                    (!gap.before || event.revision < *gap.before) && routes.want(event.type, event.position)) {
                    all.push_back(event);
                }
            }
        }
        filled.complete = all.size() <= limit;
        if (!filled.complete) all.resize(limit);
        filled.events = std::move(all);
        return filled;
    }

    std::vector<Event> page(Partition partition, int partitions, const Routes& routes, Position after,
                            Position until, std::size_t limit) override {
        trouble_.call();
        widest_page = std::max(widest_page, until.value - after.value);
        std::vector<Event> page;
        for (const auto& event : events_) {
            if (page.size() == limit) break;
            if (event.position > after && event.position <= until &&
                partition_of(bucket_of(event.stream), partitions) == partition &&
                routes.want(event.type, event.position)) {
                page.push_back(event);
            }
        }
        return page;
    }
    Uuid incarnation() override { return incarnation_now; }
    bool was(const Uuid& incarnation) override { return past.contains(incarnation); }

    Uuid incarnation_now;
    std::set<Uuid> past;
    const std::vector<Event>& events() const { return events_; }
    int reads = 0;
    std::int64_t widest_page = 0;
    std::size_t fill_max = 1000;

private:
    Trouble& trouble_;
    std::vector<Event> events_;
    std::map<std::int64_t, std::int64_t> heads_;
    std::int64_t position_ = 0;
};

class Queue final : public Deliveries {
public:
    Queue(Trouble& trouble, int partitions) : trouble_(trouble), partitions_(partitions) {}

    void deliver(const Event& event) { queued_.push_back(event); }
    // What is taken from now on says that it comes from this store.
    Uuid incarnation;
    int serviced = 0;
    int declares = 0;
    bool away = false;

    void declare() override {
        trouble_.call();
        ++declares;
        if (away) throw Fault(FaultKind::outage, "rabbitmq", "connection refused");
    }
    void subscribe(Partition partition) override {
        trouble_.call();
        subscribed_.insert(partition);
    }
    std::vector<Delivery> take(std::size_t events_max, std::size_t, Milliseconds) override {
        trouble_.call();
        if (away) throw Fault(FaultKind::outage, "rabbitmq", "connection reset");
        std::vector<Delivery> taken;
        if (brings_nothing) return taken;
        for (auto event = queued_.begin(); event != queued_.end() && taken.size() < events_max;) {
            const Partition partition = partition_of(bucket_of(event->stream), partitions_);
            if (!subscribed_.contains(partition) || hung == partition) {
                ++event;
                continue;
            }
            unacknowledged_.emplace(++tag_, *event);
            taken.push_back({tag_, partition, *event, incarnation, {}});
            event = queued_.erase(event);
        }
        return taken;
    }
    void acknowledge_up_to(std::uint64_t tag) override {
        trouble_.call();
        unacknowledged_.erase(unacknowledged_.begin(), unacknowledged_.upper_bound(tag));
    }
    void service() override {
        trouble_.call();
        ++serviced;
    }
    std::uint64_t ready(Partition partition) override {
        trouble_.call();
        return static_cast<std::uint64_t>(std::count_if(queued_.begin(), queued_.end(), [&](const Event& event) {
            return partition_of(bucket_of(event.stream), partitions_) == partition;
        }));
    }
    std::uint64_t untaken(Partition partition) override { return hung == partition ? arrived_of_hung : 0; }
    void disconnect() override {
        for (auto back = unacknowledged_.rbegin(); back != unacknowledged_.rend(); ++back) {
            queued_.push_front(back->second);
        }
        unacknowledged_.clear();
        subscribed_.clear();
        brings_nothing = false;
        hung.reset();
        ++disconnects;
    }
    // Forgets all messages.
    void wipe() {
        queued_.clear();
        unacknowledged_.clear();
    }
    bool brings_nothing = false;    // until the next connection, whatever is queued
    std::optional<Partition> hung;  // likewise, of one partition
    std::uint64_t arrived_of_hung = 0;
    int disconnects = 0;
    std::size_t left() const { return queued_.size() + unacknowledged_.size(); }

private:
    Trouble& trouble_;
    int partitions_;
    std::deque<Event> queued_;
    std::map<std::uint64_t, Event> unacknowledged_;
    std::set<Partition> subscribed_;
    std::uint64_t tag_ = 0;
};

}  // namespace lantern::worker::fake
