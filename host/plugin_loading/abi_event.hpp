// An event as plugins see it. Refers to the Event that it was made of; one object is used again for every event.
#pragma once

#include "host/core/event.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

class AbiEvent {
public:
    AbiEvent();
    AbiEvent(const AbiEvent&) = delete;
    AbiEvent& operator=(const AbiEvent&) = delete;

    const lantern_event* of(const Event& event);

private:
    char id_[36];
    lantern_event abi_{};
};

}  // namespace lantern::plugin_loading
