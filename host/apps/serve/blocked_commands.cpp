#include "host/apps/serve/blocked_commands.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

void* map(int descriptor, int protection) {
    return ::mmap(nullptr, sizeof(BlockedPage), protection, MAP_SHARED, descriptor, 0);
}

}  // namespace

BlockedCommandsShown::BlockedCommandsShown()
    : descriptor_(::memfd_create("lantern-blocked-commands", MFD_CLOEXEC)) {
    void* memory = MAP_FAILED;
    if (descriptor_ >= 0 && ::ftruncate(descriptor_, sizeof(BlockedPage)) == 0)
        memory = map(descriptor_, PROT_READ | PROT_WRITE);
    if (memory == MAP_FAILED) throw Fault(FaultKind::outage, "host", "no shared memory for blocked commands");
    page_ = static_cast<BlockedPage*>(memory);
}

BlockedCommandsShown::~BlockedCommandsShown() {
    ::munmap(page_, sizeof(BlockedPage));
    ::close(descriptor_);
}

void BlockedCommandsShown::show(const std::vector<postgres::BlockedCommand>& commands) {
    if (commands == shown_) return;
    const auto edition = page_->edition.load();
    page_->edition.store(edition + 1);
    const auto count = std::min(commands.size(), BlockedPage::kEntriesMax);
    for (std::size_t at = 0; at < count; ++at) {
        page_->entries[at].aggregate_type.store(commands[at].aggregate_type);
        page_->entries[at].build.store(commands[at].build);
        page_->entries[at].command.store(commands[at].command);
    }
    page_->count.store(count);
    page_->edition.store(edition + 2);
    shown_ = commands;
}

BlockedCommands::BlockedCommands() {
    const char* given = std::getenv(kVariable);
    if (!given) return;
    const int descriptor = std::atoi(given);
    void* memory = map(descriptor, PROT_READ);
    ::close(descriptor);
    if (memory == MAP_FAILED) throw Fault(FaultKind::configuration, "api", "cannot map the blocked commands");
    page_ = static_cast<const BlockedPage*>(memory);
}

BlockedCommands::~BlockedCommands() {
    if (page_) ::munmap(const_cast<BlockedPage*>(page_), sizeof(BlockedPage));
}

bool BlockedCommands::contains(const std::string& aggregate_type, const std::string& build,
                               const std::string& command) {
    const auto edition = page_ ? page_->edition.load(std::memory_order_acquire) : 0;
    if (edition == 0) return false;
    const std::lock_guard lock(mutex_);
    if (edition != read_) read(edition);
    return known_.contains({aggregate_type, build, command});
}

// What is being written meanwhile is read again by the next command.
void BlockedCommands::read(std::uint64_t edition) {
    if (edition % 2 != 0) return;
    std::set<Name> found;
    const auto count = std::min<std::size_t>(page_->count.load(), BlockedPage::kEntriesMax);
    for (std::size_t at = 0; at < count; ++at) {
        const auto& entry = page_->entries[at];
        found.emplace(entry.aggregate_type.load(), entry.build.load(), entry.command.load());
    }
    if (page_->edition.load() != edition) return;
    known_ = std::move(found);
    read_ = edition;
}

}  // namespace lantern::apps
