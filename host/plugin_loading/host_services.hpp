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
    void serve(HostSide side);  // [any thread]

private:
    std::shared_ptr<const HostSide> side();
    static const void* service(void* context, lantern_str id);
    static std::int64_t left(void* context);
    static void write(void* context, std::int32_t level, lantern_str message);

    lantern_host host_{};
    lantern_log_v1 log_{};
    lantern_deadline_v1 deadline_{};

    std::mutex mutex_;
    // guarded by mutex_; shared: a line in flight may outlast its successor's coming
    std::shared_ptr<const HostSide> side_ = std::make_shared<const HostSide>();
};

}  // namespace lantern::plugin_loading
