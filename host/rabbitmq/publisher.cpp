#include "host/rabbitmq/publisher.hpp"

#include <amqp.h>

#include <algorithm>
#include <set>

#include "host/core/fault.hpp"
#include "host/rabbitmq/confirm_window.hpp"
#include "host/rabbitmq/connection.hpp"
#include "host/rabbitmq/leader_check.hpp"
#include "host/rabbitmq/message.hpp"

namespace lantern::rabbitmq {

namespace {

constexpr amqp_channel_t kChannel = 1;
// Written at once: large enough to save system calls, small enough that the broker begins early.
constexpr std::size_t kWriteBytes = 64u << 10;
// Below the age at which leadership ends.
constexpr Milliseconds kConfirmWait = limits::kAmqpTimeout / 2;
constexpr Milliseconds kNow{0};

}  // namespace

// All that ends with the connection.
class Publisher::Session final : public Listener {
public:
    Session(const Publisher& publisher, std::map<std::string, std::uint64_t>& unroutable)
        : unroutable_(unroutable),
          connection_(parse_addresses(publisher.url_), "lantern relay", *this),
          context_{kChannel, publisher.incarnation_.text(), connection_.frame_bytes_max()} {
        connection_.open_channel(kChannel);
        amqp_confirm_select_t select{};
        connection_.call(kChannel, AMQP_CONFIRM_SELECT_METHOD, &select, AMQP_CONFIRM_SELECT_OK_METHOD);
    }

    Connection& connection() { return connection_; }
    // Types that queues wait for, and types of handlers that have none now.
    void routed(std::set<std::string> types, std::set<std::string> fed) {
        routed_ = std::move(types);
        fed_ = std::move(fed);
        lost_ = false;
    }
    bool lost() const { return lost_; }

    void service() {
        while (connection_.handle_frame(kNow)) {
        }
    }

    // False: the broker did not answer in time, the session is of no more use.
    bool publish(std::span<const Event> events) {
        events_ = events;
        window_.begin(events.size());
        service();
        if (connection_.blocked()) {
            throw Fault(FaultKind::outage, "rabbitmq",
                        "the broker takes no messages now: " + *connection_.blocked());
        }
        while (window_.prefix() < events.size() && !connection_.blocked()) {
            if (!window_.any_refused() && !lost_) {
                send_some();
            } else if (window_.prefix() == window_.settled_end()) {
                break;  // the confirms before the first refused one are worth waiting for, the others are not
            }
            if (!connection_.handle_frame(kConfirmWait)) return false;
            service();
        }
        return true;
    }
    std::size_t confirmed() const { return window_.prefix(); }
    // A channel on which a quorum queue without a leader was met may nack for ever, also once there is a new leader
    // (RabbitMQ 3.10).
    bool nacked() const { return window_.any_refused() && !lost_; }
    void forget_events() { events_ = {}; }

    void returned(const amqp_basic_return_t&) override { returning_ = true; }
    void properties(const amqp_basic_properties_t& properties, std::uint64_t) override {
        if (returning_) came_back(properties);
        returning_ = false;
    }
    void confirmed(Confirm confirm, std::uint64_t tag, bool multiple) override {
        if (confirm == Confirm::ack) {
            window_.confirm(tag, multiple);
        } else {
            window_.refuse(tag, multiple);
        }
    }

private:
    // Refills the window when half of it is free, so that few writes carry many messages.
    void send_some() {
        if (window_.unconfirmed() > limits::kConfirmWindow / 2) return;
        while (window_.sent_count() < events_.size() && window_.unconfirmed() < limits::kConfirmWindow) {
            frames_.clear();
            while (frames_.size() < kWriteBytes && window_.sent_count() < events_.size() &&
                   window_.unconfirmed() < limits::kConfirmWindow) {
                append_publish(frames_, events_[window_.sent_count()], context_);
                window_.sent();
            }
            connection_.write(frames_);
        }
    }

    // A return comes before the confirm of its message.
    void came_back(const amqp_basic_properties_t& properties) {
        const std::string type(view(properties.type));
        if (!routed_.contains(type)) {
            if (!fed_.contains(type)) ++unroutable_[type];
            return;
        }
        lost_ = true;
        const auto id = Uuid::parse(view(properties.message_id));
        const auto found = std::find_if(events_.begin(), events_.end(), [&](const Event& e) { return id == e.id; });
        if (found != events_.end()) window_.refuse_at(static_cast<std::size_t>(found - events_.begin()));
    }

    std::map<std::string, std::uint64_t>& unroutable_;
    Connection connection_;
    const MessageContext context_;
    std::set<std::string> routed_, fed_;
    std::span<const Event> events_;  // being published
    ConfirmWindow window_;
    std::string frames_;
    bool returning_ = false;
    bool lost_ = false;
};

Publisher::Publisher(std::string url, Uuid incarnation) : url_(std::move(url)), incarnation_(incarnation) {}
Publisher::~Publisher() = default;

void Publisher::route(std::vector<TopologyHandler> handlers) {
    for (const TopologyHandler& handler : handlers) {
        if (std::find(handlers_.begin(), handlers_.end(), handler) == handlers_.end()) changed_.push_back(handler);
    }
    handlers_ = std::move(handlers);
    // Of what changed twice meanwhile, the last word counts.
    std::erase_if(changed_, [&](const TopologyHandler& handler) {
        return std::find(handlers_.begin(), handlers_.end(), handler) == handlers_.end();
    });
}

void Publisher::take_away_again() {
    for (const TopologyHandler& handler : handlers_)
        if (handler.detached) changed_.push_back(handler);
}

bool Publisher::retire(const Retired& gone) {
    if (!session_ || !declared_ || !changed_.empty() || session_->lost()) return false;
    try {
        Topology(session_->connection()).retire(gone);
        return true;
    } catch (const Fault&) {
        session_.reset();
        throw;
    }
}

void Publisher::belong_to(const Uuid& incarnation) {
    if (incarnation == incarnation_) return;
    incarnation_ = incarnation;
    session_.reset();
}

void Publisher::declare_topology() {
    if (session_ && !session_->connection().usable()) session_.reset();
    const bool stands = session_ && declared_ && !session_->lost();
    if (stands && changed_.empty()) return;
    declared_ = false;
    try {
        if (!session_) session_ = std::make_unique<Session>(*this, unroutable_);
        declare(stands ? changed_ : handlers_);
        changed_.clear();
        if (unanswered_ >= kUnansweredMax) renew_leaderless();
    } catch (const Fault&) {
        session_.reset();
        throw;
    }
    declared_ = true;
}

void Publisher::declare(const std::vector<TopologyHandler>& handlers) {
    Topology topology(session_->connection());
    topology.declare_exchange();
    for (const TopologyHandler& handler : handlers) {
        problem_of_.erase(handler.name);
        try {
            if (handler.detached) {
                topology.retire({handler.name, queue_set(handler), ""});
            } else {
                topology.declare(handler);
            }
        } catch (const Fault& fault) {
            // One handler's queue must not hold up all others; its worker reports it as well.
            if (fault.kind() != FaultKind::configuration || !session_->connection().usable()) throw;
            problem_of_[handler.name] = fault.what();
        }
    }
    problems_.clear();
    std::set<std::string> types, fed;
    for (const TopologyHandler& handler : handlers_) {
        (handler.detached ? fed : types).insert(handler.event_types.begin(), handler.event_types.end());
        if (const auto at = problem_of_.find(handler.name); at != problem_of_.end())
            problems_.push_back(at->second);
    }
    session_->routed(std::move(types), std::move(fed));
}

// A channel that publishes to a queue without a leader stands still, so it would hold up all handlers. Looking and
// renewing take their seconds; in two steps, each is shorter than a leadership lasts without a heartbeat.
void Publisher::renew_leaderless() {
    Topology topology(session_->connection());
    if (const auto found = std::exchange(leaderless_, std::nullopt)) {
        topology.renew(found->first, found->second);
        throw Fault(FaultKind::outage, "rabbitmq", renewed(queue_name(found->first, found->second)));
    }
    LeaderCheck check(url_);
    for (const TopologyHandler& handler : handlers_) {
        if (handler.detached || handler.queue_type != QueueType::quorum) continue;
        for (int k = 0; k < handler.partitions; ++k) {
            const std::string queue = queue_name(handler, Partition{k});
            if (topology.ready(queue) > 0 || check.has_leader(queue)) continue;
            leaderless_.emplace(handler, Partition{k});
            throw Fault(FaultKind::outage, "rabbitmq", "queue " + queue + " does not answer", kNoAnswer);
        }
    }
    unanswered_ = 0;
}

void Publisher::service() {
    if (!session_) return;
    try {
        session_->service();
    } catch (const Fault&) {
        session_.reset();
        throw;
    }
}

std::size_t Publisher::publish(std::span<const Event> events) {
    service();
    if (!session_) throw Fault(FaultKind::outage, "rabbitmq", "not connected");
    if (const auto& why = session_->connection().blocked()) {
        throw Fault(FaultKind::outage, "rabbitmq", "the broker takes no messages now: " + *why);
    }
    // What is confirmed stays so, whatever came after it.
    try {
        const bool answered = session_->publish(events);
        const std::size_t confirmed = session_->confirmed();
        session_->forget_events();
        const bool refused = !answered || session_->nacked();
        unanswered_ = refused && confirmed == 0 ? unanswered_ + 1 : 0;
        if (refused) session_.reset();
        return confirmed;
    } catch (const Fault&) {
        const std::size_t confirmed = session_->confirmed();
        session_.reset();
        if (confirmed == 0) throw;
        return confirmed;
    }
}

bool Publisher::topology_was_lost() {
    return session_ && session_->lost();
}

const std::map<std::string, std::uint64_t>& Publisher::unroutable() const {
    return unroutable_;
}
const std::vector<std::string>& Publisher::problems() const {
    return problems_;
}

}  // namespace lantern::rabbitmq
