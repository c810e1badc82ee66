// What a server that is slow, or only just there, does not answer in time is asked again, as Lantern itself does
// it.
#pragma once

#include "host/core/fault.hpp"
#include "tests/support/eventually.hpp"

namespace lantern::test {

// False when no answer came within the deadline. A Fault that another try does not mend goes through.
template <class Ask>
bool answered(Ask ask) {
    return eventually([&] {
        try {
            ask();
            return true;
        } catch (const Fault& fault) {
            if (!fault.retryable()) throw;
            return false;
        }
    });
}

}  // namespace lantern::test
