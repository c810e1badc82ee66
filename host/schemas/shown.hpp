// What of a document its schema lets show. Private to this room.
#pragma once

#include <boost/json.hpp>

namespace lantern::schemas {

// `data` without x-secret values and without properties that the schema does not describe, unless it says
// additionalProperties: true or gives them a schema. Follows properties, items, allOf, anyOf, oneOf and local
// $ref; when several describe a value, one that hides it is enough.
boost::json::value shown(const boost::json::value& data, const boost::json::value& schema);

}  // namespace lantern::schemas
