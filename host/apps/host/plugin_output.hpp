// What plugins print. A host's child writes its own log elsewhere, so what arrives on its stdout and stderr comes
// from plugin code, or from a library below it: it becomes log lines with handler and build. One thread reads all
// pipes, always, so that nobody who prints is ever held up.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "host/processes/lines.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

class PluginOutput {
public:
    explicit PluginOutput(telemetry::Log log);
    // What was written until now is still read.
    ~PluginOutput();
    PluginOutput(const PluginOutput&) = delete;
    PluginOutput& operator=(const PluginOutput&) = delete;

    // Reads the descriptor until its end, and closes it. `fields` go into every line. Any thread.
    void read(int descriptor, telemetry::Fields fields);

private:
    struct Pipe;

    void run();
    void say_dropped();
    bool take(int descriptor, Pipe& pipe);

    const telemetry::Log log_;
    int wake_ = -1;  // an eventfd: something was added, or it is to end
    std::mutex mutex_;
    std::map<int, Pipe> pipes_;  // guarded by mutex_, entries are the thread's
    bool end_ = false;           // guarded by mutex_
    std::thread thread_;         // last: it uses all of the above
};

}  // namespace lantern::apps
