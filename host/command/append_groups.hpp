// Appends of several commands in one call of the store. While calls are on their way, the next appends gather;
// whoever joins when there is room for another call carries: its thread takes group after group until nobody waits.
// No thread waits for another one, and nothing waits for a timer.
//
// Only plain appends go together: to streams that are there, at an exact revision, and without what reaches beyond
// the stream (unique keys, counters). Two of one stream, or under one idempotency key, never do: the second gathers
// for the next group.
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "host/command/ports.hpp"

namespace lantern::command {

// Shared by the threads of an api process.
class AppendGroups {
public:
    // One who wants to append. Shared: it waits here while its thread does something else.
    class Member {
    public:
        virtual ~Member() = default;
        virtual const Append& append() const = 0;  // the same from join to landing
    };
    using MemberPtr = std::shared_ptr<Member>;

    struct Alone {};  // nothing was done of it; it has to be appended by itself
    using Landing = std::variant<AppendOutcome, Alone, std::exception_ptr>;
    // What came of a member's append. Throws nothing.
    using Land = std::function<void(const MemberPtr& member, Landing landing)>;

    static bool may_join(const Append& append);

    // Each member lands once: on this thread, or on one that carries. What the store throws, those whose append was
    // in that call get. [any thread, with its own store]
    void append(Store& store, MemberPtr member, const Land& land);

private:
    void carry(Store& store, const Land& land) noexcept;
    std::vector<MemberPtr> next();

    std::mutex mutex_;
    std::deque<MemberPtr> waiting_;  // guarded by mutex_
    int carriers_ = 0;               // guarded by mutex_; if somebody waits, there is one
};

}  // namespace lantern::command
