// What a process that runs plugin code writes before each call: what it is about to do, for whom, since when. A few
// plain stores and no system call, so it is cheap enough for every event.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "host/core/event.hpp"
#include "host/flight_recorder/slot.hpp"

namespace lantern::flight_recorder {

// Names the descriptor of the shared memory to a child.
inline constexpr const char* kVariable = "LANTERN_FLIGHT_RECORDER";

// Of one thread that calls plugins; used by that thread alone.
class Slot {
public:
    explicit Slot(SlotWords& words) : words_(&words) {}

    struct Subject {
        std::string_view name;                    // handler, or aggregate type
        std::string_view build;                   // of the plugin
        std::chrono::milliseconds time_limit{0};  // of one call; 0: none
        std::size_t memory_bytes = 0;             // of the process; 0: none
    };
    // On whose behalf the calls from now on are made. Notes the calling thread.
    void belongs_to(const Subject& subject);

    void calling(const Event& event, int attempt);
    void calling_for(std::string_view command);  // of no event
    // The same in two steps, for a command that takes many calls: they count from the first step on.
    void begins(std::string_view command);
    void goes_in();
    // Until stay(): what happens after a call, too, is charged to it. For a call that is made alone.
    void returned();
    // From now on a return leaves the event charged with what follows, until release().
    void stay_charged() { stays_ = true; }
    void release();

    // Of the call in hand; negative past its time limit, microseconds::max() without one.
    std::chrono::microseconds time_left() const;
    struct Called {
        EventId event;
        int attempt = 0;
    };
    // The event of the call in hand; nothing when it is for none. Any thread.
    std::optional<Called> called() const;

private:
    void note_time();
    void leave(std::uint64_t phase);

    SlotWords* words_;
    std::uint64_t number_ = 0;
    bool stays_ = false;
};

class Recorder {
public:
    // Maps the memory that the host handed over (kVariable), or, without one, memory that nobody reads.
    Recorder();
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // 0 … kSlotsMax - 1.
    Slot slot(std::size_t number) { return Slot(page_->slots.at(number)); }

    // From now on a crash leaves its signal, thread and backtrace in the memory and then ends the process as it
    // would have; so does an exit() from within a plugin. Once in a process; the recorder must then outlive it.
    void record_crashes();

private:
    Page* page_ = nullptr;
    int descriptor_ = -1;
};

// The stack on which a thread that overflowed its own can still leave its backtrace. Main has one after
// record_crashes; other threads that call plugins make their own, and keep it as long as they run.
class CrashStack {
public:
    CrashStack();
    ~CrashStack();
    CrashStack(const CrashStack&) = delete;
    CrashStack& operator=(const CrashStack&) = delete;

private:
    void* memory_ = nullptr;
};

}  // namespace lantern::flight_recorder
