// The OpenAPI 3.1 document of an api: every route with its request, each status that it can answer, and who may use
// it.
#pragma once

#include <string>

#include "host/openapi/source.hpp"

namespace lantern::openapi {

// JSON. The same source gives the same bytes. Schemas of requests and events that do not parse are left out.
std::string document(const Source& source);

}  // namespace lantern::openapi
