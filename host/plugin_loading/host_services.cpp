#include "host/plugin_loading/host_services.hpp"

#include <algorithm>
#include <limits>

#include "host/plugin_loading/abi_text.hpp"

namespace lantern::plugin_loading {

HostServices::HostServices() {
    host_ = {sizeof host_, LANTERN_ABI_MAJOR, LANTERN_ABI_MINOR, this, service};
    log_ = {sizeof log_, this, write};
    deadline_ = {sizeof deadline_, this, left};
}

void HostServices::serve(HostSide side) {
    auto next = std::make_shared<const HostSide>(std::move(side));
    const std::lock_guard lock(mutex_);
    side_ = std::move(next);
}

std::shared_ptr<const HostSide> HostServices::side() {
    const std::lock_guard lock(mutex_);
    return side_;
}

const void* HostServices::service(void* context, lantern_str id) {
    auto& self = *static_cast<HostServices*>(context);
    if (view(id) == "lantern.log/1") return &self.log_;
    if (view(id) == "lantern.deadline/1") return &self.deadline_;
    return nullptr;
}

std::int64_t HostServices::left(void* context) {
    const auto side = static_cast<HostServices*>(context)->side();
    return side->time_left ? side->time_left().count() : std::numeric_limits<std::int64_t>::max();
}

void HostServices::write(void* context, std::int32_t level, lantern_str message) {
    // Nothing may be thrown into the plugin; a line that cannot be written is not worth a process.
    try {
        const auto side = static_cast<HostServices*>(context)->side();
        const auto known = static_cast<LogLevel>(std::clamp(level, 0, 3));
        if (side->log) side->log(known, message_text(view(message)));
    } catch (...) {
    }
}

}  // namespace lantern::plugin_loading
