#include "host/schemas/schema_file.hpp"

#include <fstream>
#include <sstream>

namespace lantern::schemas {

Result<Schema> read_schema(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return failure(file.string() + ": found a file that cannot be read; expected a JSON Schema");
    auto schema = Schema::parse(text.str());
    if (!schema) return failure(file.string() + ": found " + schema.error() + "; expected a JSON Schema");
    return schema;
}

}  // namespace lantern::schemas
