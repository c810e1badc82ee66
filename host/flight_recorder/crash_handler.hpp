// What a dying process still does: it notes the signal, its thread and its backtrace, and then dies as it would
// have.
#pragma once

#include "host/flight_recorder/slot.hpp"

namespace lantern::flight_recorder {

// For the whole process. `descriptor`: of the memory that `page` maps, for the trace; -1: there is none.
void handle_crashes(Page* page, int descriptor);
// The page is about to be unmapped.
void forget_crash_page(const Page* page);

}  // namespace lantern::flight_recorder
