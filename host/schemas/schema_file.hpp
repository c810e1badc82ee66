// A file that holds a JSON Schema. Private to this room.
#pragma once

#include <filesystem>

#include "host/schemas/validation.hpp"

namespace lantern::schemas {

// Error: FILE: found ..., with the place in it; expected ...
Result<Schema> read_schema(const std::filesystem::path& file);

}  // namespace lantern::schemas
