// Which of the processes that listen on one port are given new connections.
//
// Left alone, the kernel spreads connections over all of them. But streams that a process changed itself are in its
// cache, and commands that wait together are appended together: few processes that serve are worth more than many.
// So only the first ones serve, in the order in which the kernel keeps the port's sockets, and the others stand by:
// when the socket of one closes, however its process ended, the one that takes its place serves at once.
#pragma once

#include <string>

namespace lantern::http {

// Of all whose sockets listen on this socket's port, so many serve from now on; 0: all. Why not, or nothing: then
// the kernel spreads connections as it would.
std::string limit_serving(int listening, int serving);

}  // namespace lantern::http
