// Commands that api processes died of too often, shown by the host to all its api processes through shared memory,
// so that none has to die to learn of it. A command is blocked for one build of its aggregate's plugin.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "host/flight_recorder/slot.hpp"
#include "host/postgres/operate/crashes.hpp"

namespace lantern::apps {

struct BlockedPage {
    static constexpr std::size_t kEntriesMax = 256;
    struct Entry {
        flight_recorder::Text<6> aggregate_type;
        flight_recorder::Text<9> build, command;
    };
    flight_recorder::Word edition;  // 0: nothing was ever blocked; odd: being written
    flight_recorder::Word count;
    std::array<Entry, kEntriesMax> entries;
};

// The host's.
class BlockedCommandsShown {
public:
    BlockedCommandsShown();
    ~BlockedCommandsShown();
    BlockedCommandsShown(const BlockedCommandsShown&) = delete;
    BlockedCommandsShown& operator=(const BlockedCommandsShown&) = delete;

    // To be handed to the children under the name BlockedCommands::kVariable.
    int descriptor() const { return descriptor_; }
    void show(const std::vector<postgres::BlockedCommand>& commands);

private:
    int descriptor_ = -1;
    BlockedPage* page_ = nullptr;
    std::vector<postgres::BlockedCommand> shown_;
};

// An api process's. Any thread.
class BlockedCommands {
public:
    static constexpr const char* kVariable = "LANTERN_BLOCKED_COMMANDS";

    // Of what the host handed over; without that nothing is blocked.
    BlockedCommands();
    ~BlockedCommands();
    BlockedCommands(const BlockedCommands&) = delete;
    BlockedCommands& operator=(const BlockedCommands&) = delete;

    bool contains(const std::string& aggregate_type, const std::string& build, const std::string& command);

private:
    using Name = std::tuple<std::string, std::string, std::string>;

    void read(std::uint64_t edition);

    const BlockedPage* page_ = nullptr;
    std::mutex mutex_;
    std::uint64_t read_ = 0;  // edition; guarded by mutex_
    std::set<Name> known_;    // guarded by mutex_
};

}  // namespace lantern::apps
