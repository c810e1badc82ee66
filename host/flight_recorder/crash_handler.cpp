#include "host/flight_recorder/crash_handler.hpp"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "host/core/fault.hpp"
#include "host/flight_recorder/recorder.hpp"
#include "host/supervise/ports.hpp"

namespace lantern::flight_recorder {
namespace {

constexpr std::size_t kStackBytes = 64u << 10;
constexpr int kFramesMax = 64;
constexpr unsigned kHandlerSeconds = 5;
constexpr std::array kCrashSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};

// A signal handler has nothing but globals to look at.
std::atomic<Page*> the_page{nullptr};
std::atomic<int> the_descriptor{-1};
std::atomic<bool> is_noted{false};

void write_trace() {
    const int descriptor = the_descriptor.load();
    if (descriptor < 0) return;
    std::array<void*, kFramesMax> frames{};
    const int count = ::backtrace(frames.data(), kFramesMax);
    ::backtrace_symbols_fd(frames.data(), count, descriptor);
}

void note_end(Page& page, int signal) {
    page.signal.store(static_cast<std::uint64_t>(signal));
    page.ending_thread.store(static_cast<std::uint64_t>(::gettid()));
    write_trace();
}

// Async-signal-safe calls only; backtrace() is, once its library is loaded.
void on_crash(int signal) {
    Page* page = the_page.load();
    if (page) {
        ::alarm(kHandlerSeconds);                // what is broken may hang us: then SIGALRM ends it
        if (is_noted.exchange(true)) ::pause();  // another thread was first, and ends us all
        note_end(*page, signal);
    }
    // The default action was restored when the handler was entered; blocked until it returns.
    ::raise(signal);
}

// exit() from within a plugin: its frames are still on the stack.
void on_exit() {
    Page* page = the_page.load();
    if (!page || is_noted.load()) return;
    const auto thread = static_cast<std::uint64_t>(::gettid());
    for (const auto& slot : page->slots) {
        const auto phase = static_cast<supervise::Call::Phase>(slot.call.load() & 3);
        if (phase != supervise::Call::Phase::inside || slot.thread.load() != thread) continue;
        if (!is_noted.exchange(true)) note_end(*page, 0);
        return;
    }
}

}  // namespace

void handle_crashes(Page* page, int descriptor) {
    // Never freed: it serves to the end of the process.
    [[maybe_unused]] static const CrashStack main_stack;
    std::array<void*, 4> frames{};
    ::backtrace(frames.data(), static_cast<int>(frames.size()));  // loads libgcc now, not in a handler
    if (descriptor >= 0) ::lseek(descriptor, static_cast<off_t>(kTraceOffset), SEEK_SET);
    the_descriptor = descriptor;
    the_page = page;
    std::atexit(on_exit);
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    for (const int signal : kCrashSignals) ::sigaction(signal, &action, nullptr);
}

void forget_crash_page(const Page* page) {
    if (the_page.load() == page) the_page = nullptr;
}

CrashStack::CrashStack() {
    memory_ = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED)
        throw Fault(FaultKind::outage, "flight recorder",
                    std::string("no memory for a signal stack: ") + std::strerror(errno));
    const stack_t stack{memory_, 0, kStackBytes};
    ::sigaltstack(&stack, nullptr);
}

CrashStack::~CrashStack() {
    const stack_t none{nullptr, SS_DISABLE, 0};
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, kStackBytes);
}

}  // namespace lantern::flight_recorder
