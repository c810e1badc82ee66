// Whether a host's work can begin: the api answers, and every handler that can run is bound, so that an event
// appended from now on is delivered.
#pragma once

#include <string>

namespace lantern::apps {

// True when http://127.0.0.1:PORT answers GET `path` with 200 within a second.
bool http_answers(const std::string& address, int port, const std::string& path);

// True when somebody listens there: what can be said of an api that speaks TLS, whose certificate has another name.
bool port_listens(const std::string& address, int port);

}  // namespace lantern::apps
