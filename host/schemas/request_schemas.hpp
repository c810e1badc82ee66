// The JSON Schemas of command routes' requests: what the data of a command must look like before its aggregate is
// asked. Rules of the domain stay with the aggregate.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/result.hpp"
#include "host/core/settings.hpp"
#include "host/schemas/validation.hpp"

namespace lantern::schemas {

// Immutable after load; any thread.
class RequestSchemas {
public:
    // All problems of all files at once, each naming its file and the first route that names it.
    static Result<RequestSchemas, std::vector<std::string>> load(const std::vector<CommandRoute>& routes);

    // The schema of a route; nullptr: it names none.
    const Schema* find(const CommandRoute& route) const;

private:
    std::map<std::filesystem::path, Schema> known_;
};

}  // namespace lantern::schemas
