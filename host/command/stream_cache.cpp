#include "host/command/stream_cache.hpp"

namespace lantern::command {
namespace {

std::string key_of(const std::string& aggregate_type, const std::string& aggregate_id) {
    return aggregate_type + '/' + aggregate_id;
}

std::size_t bytes_of(const LoadedStream& stream) {
    // Beside the texts: list node, map node and control block.
    std::size_t bytes = 256 + sizeof(LoadedStream);
    if (stream.snapshot) bytes += stream.snapshot->state.size() + stream.snapshot->build.size();
    for (const auto& event : stream.events)
        bytes += sizeof(Event) + event.aggregate_type.size() + event.aggregate_id.size() + event.type.size() +
                 event.data.size() + event.metadata.size();
    return bytes;
}

}  // namespace

StreamCache::Entry StreamCache::find(const std::string& aggregate_type, const std::string& aggregate_id) {
    const auto key = key_of(aggregate_type, aggregate_id);
    std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    slots_.splice(slots_.begin(), slots_, found->second);
    return found->second->stream;
}

void StreamCache::put(const std::string& aggregate_type, const std::string& aggregate_id, LoadedStream stream) {
    Slot slot;
    slot.key = key_of(aggregate_type, aggregate_id);
    slot.bytes = bytes_of(stream) + 2 * slot.key.size();
    slot.stream = std::make_shared<const LoadedStream>(std::move(stream));
    std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(slot.key); found != by_key_.end()) {
        if (found->second->stream->head > slot.stream->head) return;
        drop(found->second);
    }
    if (slot.bytes > bytes_max_) return;
    while (bytes_ + slot.bytes > bytes_max_) drop(std::prev(slots_.end()));
    bytes_ += slot.bytes;
    slots_.push_front(std::move(slot));
    by_key_[slots_.front().key] = slots_.begin();
}

void StreamCache::forget(const std::string& aggregate_type, const std::string& aggregate_id) {
    const auto key = key_of(aggregate_type, aggregate_id);
    std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
}

void StreamCache::clear() {
    std::lock_guard lock(mutex_);
    by_key_.clear();
    slots_.clear();
    bytes_ = 0;
}

std::size_t StreamCache::bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
}

void StreamCache::drop(Slots::iterator slot) {
    bytes_ -= slot->bytes;
    by_key_.erase(slot->key);
    slots_.erase(slot);
}

}  // namespace lantern::command
