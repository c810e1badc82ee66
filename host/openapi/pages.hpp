// The pages under /docs/: swagger-ui, told to show /openapi.json. Built into the binary; nothing is loaded from
// elsewhere.
#pragma once

#include <vector>

#include "host/http/ports.hpp"

namespace lantern::openapi {

std::vector<http::Page> pages();

}  // namespace lantern::openapi
