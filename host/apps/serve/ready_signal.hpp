// How a member tells its host that it has all it works with: an eventfd that it gets under the name kVariable.
#pragma once

#include <memory>

namespace lantern::apps {

class ReadySignal {
public:
    static constexpr const char* kVariable = "LANTERN_READY";

    ReadySignal();  // Fault(outage) when there is no descriptor left
    ~ReadySignal();
    ReadySignal(const ReadySignal&) = delete;
    ReadySignal& operator=(const ReadySignal&) = delete;

    int descriptor() const { return descriptor_; }
    bool given() const;

    // The member's side; nothing to do when no host started it.
    static void give();

private:
    int descriptor_ = -1;
};

}  // namespace lantern::apps
