// A call of the plugin, as the flight recorder sees it: noted before, and over when it ends, however it ends.
#pragma once

#include "host/worker/ports.hpp"

namespace lantern::worker {

class Calling {
public:
    Calling(Watch& watch, const Event& event, int attempt) : watch_(watch) { watch_.calling(event, attempt); }
    ~Calling() { watch_.returned(); }
    Calling(const Calling&) = delete;
    Calling& operator=(const Calling&) = delete;

private:
    Watch& watch_;
};

}  // namespace lantern::worker
