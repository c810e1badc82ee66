#include "host/intake/consuming.hpp"

#include <algorithm>

#include "host/core/fault.hpp"
#include "host/core/limits.hpp"

namespace lantern::intake {
namespace {

using command::Problem;

// The prefixes of attributes in the binary mode of the AMQP binding.
constexpr std::string_view kPrefixes[] = {"cloudEvents:", "cloudEvents_"};

constexpr std::size_t kErrorsTold = 20;  // they stand in a header

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::string header(const Message& message, std::string_view name) {
    for (const auto& [key, value] : message.headers)
        if (key == name) return value;
    return {};
}

Parcel parcel_of(const Message& message) {
    Parcel parcel{message.content_type, {}, message.body};
    for (const auto& [name, value] : message.headers)
        for (const auto prefix : kPrefixes)
            if (name.starts_with(prefix)) parcel.attributes.emplace_back(lower(name.substr(prefix.size())), value);
    return parcel;
}

// The message is not at fault, and waits: others were faster again and again, or a plugin is not there.
bool passes(const Problem& problem) {
    return problem.kind == "busy" || problem.kind == "aggregate-not-loaded";
}

// With the place of the first error, when the detail does not name it.
std::string in_short(const Problem& problem) {
    const std::string place = problem.errors.empty() ? "" : problem.errors.front().pointer;
    return place.empty() || problem.detail.starts_with(place) ? problem.detail : place + ": " + problem.detail;
}

// So that no message ends one process after the other.
Problem defect(const std::exception& error) {
    return {500, "defect", "A defect of Lantern", error.what(), "", "", {}};
}

Problem refused_by_store() {
    return {422,
            "refused-by-store",
            "The store cannot keep this",
            "A value is of a form or size that the database refuses.",
            "",
            "",
            {}};
}

}  // namespace

Problem too_large(std::size_t bytes_max) {
    return {413,
            "too-large",
            "The message is too large",
            "At most " + std::to_string(bytes_max) + " bytes are taken.",
            "",
            "",
            {}};
}

struct Consuming::Read {
    const Message* message;
    Contents contents;
};

Consuming::Turn Consuming::turn(Milliseconds wait) {
    Turn turn;
    try {
        if (in_hand_.empty()) {
            in_hand_ = world_.queue.take(in_hand_max(world_.body_bytes_max), wait);
            aside_.clear();
        } else {
            world_.queue.service();  // fails when what is in hand is not ours any more
        }
        if (!in_hand_.empty()) work_off(turn);
    } catch (const Fault& fault) {
        turn.trouble = fault.what();
        if (fault.place() == "rabbitmq") {
            in_hand_.clear();  // it comes again
            world_.queue.disconnect();
        }
    }
    return turn;
}

// 1. Append, or put aside. 2. Acknowledge.
void Consuming::work_off(Turn& turn) {
    append(turn, read(turn));
    world_.queue.acknowledge_up_to(in_hand_.back().tag);
    in_hand_.clear();
}

std::vector<Consuming::Read> Consuming::read(Turn& turn) {
    std::vector<Read> messages;
    for (const auto& message : in_hand_) {
        auto contents = read(message);
        if (contents)
            messages.push_back({&message, std::move(contents.value())});
        else
            refuse(turn, message, contents.error());
    }
    return messages;
}

Result<Contents, Problem> Consuming::read(const Message& message) const {
    if (message.lies_aside) return failure(too_large(world_.body_bytes_max));
    try {
        auto contents = read_parcel(parcel_of(message));
        if (!contents) return contents;
        const std::string who = message.user.empty() ? world_.name : message.user;
        const Intake::Bringer bringer{
            {"queue:" + who, who, {}}, message.correlation_id, "", header(message, "traceparent"), ""};
        if (auto problem = world_.intake.prepare(world_.parts, contents.value(), bringer))
            return failure(*std::move(problem));
        return contents;
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::data) throw;
        return failure(refused_by_store());
    } catch (const std::exception& error) {
        return failure(defect(error));
    }
}

// As many messages at a time as an append takes.
void Consuming::append(Turn& turn, std::vector<Read> messages) {
    for (std::size_t at = 0; at < messages.size();) {
        std::vector<Read> together;
        for (std::size_t events = 0; at < messages.size(); ++at) {
            events += messages[at].contents.events.size();
            if (!together.empty() && events > limits::kIntakeEventsMax) break;
            together.push_back(std::move(messages[at]));
        }
        if (together.size() > 1 && append_together(turn, together)) continue;
        for (const auto& one : together) append_alone(turn, one);
    }
}

// False: one of them is refused, and nothing was appended.
bool Consuming::append_together(Turn& turn, const std::vector<Read>& messages) {
    Contents all{Form::batch, {}};
    for (const auto& message : messages)
        for (const auto& event : message.contents.events) {
            all.events.push_back(event);
            all.events.back().number = static_cast<std::int64_t>(all.events.size());
        }
    try {
        const auto recorded = world_.intake.append(world_.parts, std::move(all));
        if (!recorded) return false;
        for (const auto& one : recorded.value()) ++(one.known ? turn.known : turn.appended);
        return true;
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::data) throw;
        return false;
    } catch (const std::exception&) {
        return false;  // whose fault it is, is found one by one
    }
}

void Consuming::append_alone(Turn& turn, const Read& message) {
    try {
        const auto recorded = world_.intake.append(world_.parts, message.contents);
        if (!recorded && passes(recorded.error()))
            throw Fault(FaultKind::outage, "intake", recorded.error().detail);
        if (!recorded) return refuse(turn, *message.message, recorded.error());
        for (const auto& one : recorded.value()) ++(one.known ? turn.known : turn.appended);
    } catch (const Fault& fault) {
        if (fault.kind() != FaultKind::data) throw;
        refuse(turn, *message.message, refused_by_store());
    } catch (const std::exception& error) {
        refuse(turn, *message.message, defect(error));
    }
}

void Consuming::refuse(Turn& turn, const Message& message, const Problem& problem) {
    // After an outage the same messages are looked at again; those that lie aside already are passed over.
    if (std::find(aside_.begin(), aside_.end(), message.tag) != aside_.end()) return;
    auto told = problem;
    if (told.errors.size() > kErrorsTold) told.errors.resize(kErrorsTold);
    if (!message.lies_aside) world_.queue.refuse(message, command::to_json(told));
    aside_.push_back(message.tag);
    ++turn.refused;
    turn.last_refusal = in_short(problem);
}

}  // namespace lantern::intake
