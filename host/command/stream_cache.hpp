// Streams as they were when last read or written here, so that the next command on one needs no read. Shared by
// the threads of an api process. What it says may be old: only an append with the exact revision proves it, so
// nothing is answered from it but what was appended.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "host/command/ports.hpp"

namespace lantern::command {

class StreamCache {
public:
    explicit StreamCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    StreamCache(const StreamCache&) = delete;
    StreamCache& operator=(const StreamCache&) = delete;

    // Shared, since a reader may still fold what another thread replaces.  [any thread]
    using Entry = std::shared_ptr<const LoadedStream>;

    Entry find(const std::string& aggregate_type, const std::string& aggregate_id);  // nullptr: unknown
    // Kept unless a newer revision is there already. The least recently used go when the bytes are used up.
    void put(const std::string& aggregate_type, const std::string& aggregate_id, LoadedStream stream);
    void forget(const std::string& aggregate_type, const std::string& aggregate_id);
    // Called when a connection to the store was lost: what comes back may be another server, to which not all
    // commits of the old one have come.
    void clear();

    std::size_t bytes() const;

private:
    struct Slot {
        std::string key;
        Entry stream;
        std::size_t bytes = 0;
    };
    using Slots = std::list<Slot>;  // most recently used first

    void drop(Slots::iterator slot);

    const std::size_t bytes_max_;

    mutable std::mutex mutex_;
    Slots slots_;                                              // guarded by mutex_
    std::unordered_map<std::string, Slots::iterator> by_key_;  // guarded by mutex_
    std::size_t bytes_ = 0;                                    // guarded by mutex_
};

}  // namespace lantern::command
