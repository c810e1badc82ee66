// What a worker may use of memory, kept by the kernel: an allocation beyond it fails, which a plugin sees as
// std::bad_alloc.
#pragma once

#include <cstddef>

namespace lantern::apps {

// Of this process, from now on; it can't be raised again. Fault(configuration) when the kernel refuses.
void limit_memory(std::size_t bytes);

}  // namespace lantern::apps
