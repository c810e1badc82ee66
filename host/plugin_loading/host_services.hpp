// The host's services as a plugin gets them. One for each library, living as long as it.
#pragma once

#include <memory>
#include <mutex>

#include "host/plugin_loading/library.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

class HostServices {
public:
    HostServices();
    HostServices(const HostServices&) = delete;
    HostServices& operator=(const HostServices&) = delete;

    const lantern_host* abi() const { return &host_; }
    void log_to(LogSink sink);  // [any thread]

private:
    static const void* service(void* context, lantern_str id);
    static void write(void* context, std::int32_t level, lantern_str message);

    lantern_host host_{};
    lantern_log_v1 log_{};

    std::mutex mutex_;
    std::shared_ptr<const LogSink>
        sink_;  // guarded by mutex_; shared: a line in flight may outlast its successor's coming
};

}  // namespace lantern::plugin_loading
