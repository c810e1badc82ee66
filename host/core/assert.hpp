// A bug ends the process, in every build: going on would corrupt what the guarantees protect.
#pragma once

#include <cstdio>
#include <cstdlib>

#define LANTERN_ASSERT(condition, why)                                                                       \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            std::fprintf(stderr, "%s:%d: assertion failed: %s (%s)\n", __FILE__, __LINE__, #condition, why); \
            std::abort();                                                                                    \
        }                                                                                                    \
    } while (false)
