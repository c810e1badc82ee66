// The event store as the command path uses it: load and append, one round trip each.
// One for each thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include "host/command/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

class Store final : public command::Store {
public:
    explicit Store(const std::string& url);  // connects

    command::LoadedStream load(const std::string& aggregate_type, const std::string& aggregate_id,
                               int state_version, const std::string& build, const command::Range& range) override;
    // Fault in_doubt: the connection was lost while the append was in flight; it may have committed.
    command::AppendOutcome append(const command::Append& append) override;
    std::vector<std::optional<command::AppendOutcome>> append_group(
        const std::vector<const command::Append*>& group) override;  // Fault as append
    std::optional<command::IdempotencyRecord> recorded(const std::string& caller, const std::string& route,
                                                       const std::string& key) override;
    std::optional<std::string> holder(const std::string& aggregate_type, const command::UniqueKey& key) override;

private:
    Connection connection_;
};

}  // namespace lantern::postgres
