// A schema plugin brings data of an older schema version to the next one. Pure, called from several threads.
//
//     class UserEvents : public lantern::Schema {
//     public:
//         static lantern::Description describe();   // ... .upcast("USER_CREATED", 1)
//         static void upcast(std::string_view type, std::int64_t from, lantern::json::object& data);
//     };
//     LANTERN_PLUGIN(UserEvents)
#pragma once

#include <lantern/border.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Schema {
public:
    static constexpr lantern_kind kKind = LANTERN_KIND_SCHEMA;
    static constexpr std::string_view kKindName = "schema";
};

namespace border {

template <class Plugin>
std::int32_t schema_upcast(lantern_str type, std::int64_t version, lantern_str data, const lantern_sink* next,
                           const lantern_sink* error) noexcept {
    return guarded(error, [&] {
        json::object object = parse_object(view(data));
        Plugin::upcast(view(type), version, object);
        write(next, json::serialize(object));
    });
}

template <class Plugin>
inline constexpr lantern_schema kSchema{sizeof(lantern_schema), &schema_upcast<Plugin>};

}  // namespace border
}  // namespace sdk_v1
}  // namespace lantern
