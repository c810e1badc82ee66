#include "host/plugin_loading/abi_event.hpp"

#include "host/plugin_loading/abi_text.hpp"

namespace lantern::plugin_loading {

AbiEvent::AbiEvent() {
    abi_.size = sizeof abi_;
    abi_.id = {id_, sizeof id_};
}

const lantern_event* AbiEvent::of(const Event& event) {
    // Uuid::text() allocates; this runs for every event.
    static constexpr char kHex[] = "0123456789abcdef";
    char* out = id_;
    const auto& bytes = event.id.bytes();
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) *out++ = '-';
        *out++ = kHex[bytes[byte] >> 4];
        *out++ = kHex[bytes[byte] & 15];
    }
    abi_.stream_id = event.stream.value;
    abi_.revision = event.revision.value;
    abi_.position = event.position.value;
    abi_.recorded_at_us = event.recorded_at.time_since_epoch().count();
    abi_.schema_version = event.schema_version;
    abi_.aggregate_type = borrow(event.aggregate_type);
    abi_.aggregate_id = borrow(event.aggregate_id);
    abi_.type = borrow(event.type);
    abi_.data = borrow(event.data);
    abi_.metadata = borrow(event.metadata);
    return &abi_;
}

}  // namespace lantern::plugin_loading
