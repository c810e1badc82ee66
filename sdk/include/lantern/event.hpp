// The event in hand. Everything it returns is valid until the plugin returns. Data and metadata are parsed when
// first asked for, into memory of the event itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <lantern/json.hpp>
#include <lantern/values.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Event {
public:
    explicit Event(const lantern_event& abi) : abi_(abi) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    std::string_view id() const { return view(abi_.id); }
    std::string_view type() const { return view(abi_.type); }
    std::string_view aggregate_type() const { return view(abi_.aggregate_type); }
    std::string_view aggregate_id() const { return view(abi_.aggregate_id); }
    std::int64_t stream_id() const { return abi_.stream_id; }
    std::int64_t revision() const { return abi_.revision; }  // 1, 2, 3 ... in its stream
    std::int64_t position() const { return abi_.position; }  // in the whole store; says nothing across streams
    std::int64_t schema_version() const { return abi_.schema_version; }
    Time recorded_at() const { return time_of(abi_.recorded_at_us); }

    std::string_view raw_data() const { return view(abi_.data); }
    std::string_view raw_metadata() const { return view(abi_.metadata); }
    const json::object& data() const { return parsed(data_, abi_.data); }
    const json::object& metadata() const { return parsed(metadata_, abi_.metadata); }

    // Fields of data: text() and integer() throw std::invalid_argument when there is none of that type.
    std::string_view text(std::string_view field) const { return sdk_v1::text(data(), field); }
    std::optional<std::string_view> find_text(std::string_view field) const {
        return sdk_v1::find_text(data(), field);
    }
    std::int64_t integer(std::string_view field) const { return sdk_v1::integer(data(), field); }
    std::optional<std::int64_t> find_integer(std::string_view field) const {
        return sdk_v1::find_integer(data(), field);
    }

    // Who caused it: metadata.actor, a text or an object with an id. Empty when nobody is named.
    std::string_view actor() const {
        const json::value* actor = find(metadata(), "actor");
        if (!actor) return {};
        if (const json::string* name = actor->if_string()) return from_json(*name);
        if (const json::object* object = actor->if_object()) return sdk_v1::find_text(*object, "id").value_or("");
        return {};
    }

private:
    const json::object& parsed(std::optional<json::object>& into, lantern_str from) const {
        if (!into) {
            if (!memory_) memory_.emplace(buffer_, sizeof buffer_);
            into = parse_object(view(from), &*memory_);
        }
        return *into;
    }

    const lantern_event& abi_;
    // Order: the parsed objects live in the memory.
    mutable std::optional<json::monotonic_resource> memory_;
    mutable std::optional<json::object> data_;
    mutable std::optional<json::object> metadata_;
    alignas(std::max_align_t) mutable unsigned char buffer_[2048];
};

}  // namespace sdk_v1
}  // namespace lantern
