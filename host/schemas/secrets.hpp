// Secrets that are missing. Private to this room.
#pragma once

#include <boost/json.hpp>

namespace lantern::schemas {

// Gives `data` a placeholder for each property that its schema requires, marks as x-secret, and does not find: the
// schema's "default", else "removed", 0, false, [] or {} by its type. Follows properties, items, allOf and local
// $ref.
void fill_secrets(boost::json::value& data, const boost::json::value& schema);

}  // namespace lantern::schemas
