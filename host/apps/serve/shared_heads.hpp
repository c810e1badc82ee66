// Hints at the heads of streams, shared by the api processes of one machine through a mapped file. Losing or
// confusing them costs a round trip, never an answer.
//
// The file holds 2^17 slots of 8 bytes, by the hash of (aggregate type, id): the upper 32 bits tell streams of one
// slot apart, the lower 32 are the revision. The last to write wins.
#pragma once

#include <atomic>
#include <filesystem>

#include "host/command/ports.hpp"

namespace lantern::apps {

class SharedHeads final : public command::Heads {
public:
    // `store` names the store that it is about. Throws Fault when the directory cannot be written.
    SharedHeads(const std::filesystem::path& directory, const std::string& store);
    ~SharedHeads() override;
    SharedHeads(const SharedHeads&) = delete;
    SharedHeads& operator=(const SharedHeads&) = delete;

    Revision newest(const std::string& aggregate_type, const std::string& aggregate_id) override;
    void note(const std::string& aggregate_type, const std::string& aggregate_id, Revision head) override;

private:
    using Slot = std::atomic<std::uint64_t>;
    static_assert(Slot::is_always_lock_free && sizeof(Slot) == 8);

    Slot* slots_ = nullptr;
};

}  // namespace lantern::apps
