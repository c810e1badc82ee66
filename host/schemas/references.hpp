// References within a schema. Private to this room.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace lantern::schemas {

// What "#/definitions/a" points to in `root`; nullptr: nothing, or not within it.
const boost::json::value* find_reference(const boost::json::value& root, const boost::json::string& reference);

// Whether a schema leads to itself without a step into the document ($ref, allOf, not, ... in a circle): valijson
// would recurse until the stack ends.
bool has_circle(const boost::json::value& root);

}  // namespace lantern::schemas
