#include "host/plugin_loading/host_services.hpp"

#include <algorithm>

#include "host/plugin_loading/abi_text.hpp"

namespace lantern::plugin_loading {

HostServices::HostServices() {
    host_ = {sizeof host_, LANTERN_ABI_MAJOR, LANTERN_ABI_MINOR, this, service};
    log_ = {sizeof log_, this, write};
}

void HostServices::log_to(LogSink sink) {
    auto next = std::make_shared<const LogSink>(std::move(sink));
    const std::lock_guard lock(mutex_);
    sink_ = std::move(next);
}

const void* HostServices::service(void* context, lantern_str id) {
    auto& self = *static_cast<HostServices*>(context);
    return view(id) == "lantern.log/1" ? &self.log_ : nullptr;
}

void HostServices::write(void* context, std::int32_t level, lantern_str message) {
    auto& self = *static_cast<HostServices*>(context);
    // Nothing may be thrown into the plugin; a line that cannot be written is not worth a process.
    try {
        std::shared_ptr<const LogSink> sink;
        {
            const std::lock_guard lock(self.mutex_);
            sink = self.sink_;
        }
        const auto known = static_cast<LogLevel>(std::clamp(level, 0, 3));
        if (sink && *sink) (*sink)(known, message_text(view(message)));
    } catch (...) {
    }
}

}  // namespace lantern::plugin_loading
