// Events of other producers on their way into the store: checked, completed with what Lantern knows of them,
// appended all or none, and answered the same when they come again.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/command/command_path.hpp"
#include "host/command/problem.hpp"
#include "host/core/clock.hpp"
#include "host/core/settings.hpp"
#include "host/intake/cloud_events.hpp"
#include "host/intake/ports.hpp"

namespace lantern::intake {

// Constant after construction; any thread, each with its own Parts.
class Intake {
public:
    // All of it outlives the intake.
    struct World {
        const IntakeSettings& settings;
        const std::set<std::string>& owned;     // stream types that an aggregate writes
        const command::Aggregates& aggregates;  // of these, those that can be asked for unique keys
        std::function<bool(const std::string& type, int version)> has_schema;
        // What of its data is not as its schema says; pointers begin in the data.
        std::function<std::vector<command::Rejection>(const Arrival& event)> check;
        command::Heads& heads;
        Clock& clock;
        command::Calls* calls = nullptr;  // nullptr: nobody watches
    };
    explicit Intake(const World& world) : world_(world) {}

    const IntakeSettings& settings() const { return world_.settings; }

    struct Parts {
        Arrivals& arrivals;
        std::function<command::Store&()> store;  // called for streams that an aggregate owns
        Random& random;
    };
    // Who brings the events, and by which request.
    struct Bringer {
        command::Actor actor;
        std::string correlation_id, causation_id, traceparent, address;  // empty: not known
    };
    // Where each of them stands now, in their order. Error: nothing was appended. Throws Fault; doing it again is
    // safe then.
    Result<std::vector<Recorded>, command::Problem> take(const Parts& parts, Contents contents,
                                                         const Bringer& bringer) const;

    // The same in its two steps: what can be refused of the events as they are, of all at once ...
    std::optional<command::Problem> prepare(const Parts& parts, Contents& contents, const Bringer& bringer) const;
    // ... and the rest.
    Result<std::vector<Recorded>, command::Problem> append(const Parts& parts, Contents contents) const;

private:
    std::vector<command::Rejection> refusals(const Arrival& event, Form form) const;
    bool is_owned(const Arrival& event) const { return world_.owned.contains(event.aggregate_type); }
    void complete(Arrival& event, const Bringer& bringer, Random& random) const;
    std::optional<command::Problem> fold(const Parts& parts, Append& append, Form form) const;
    std::optional<command::Problem> fold_stream(const Parts& parts, const StreamName& stream,
                                                const std::vector<Arrival*>& events, Append& append,
                                                Form form) const;

    const World world_;
};

}  // namespace lantern::intake
