// One operation for each route. Private to this room.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/openapi/shapes.hpp"
#include "host/openapi/source.hpp"

namespace lantern::openapi {

struct Operation {
    std::string method;  // lower case
    std::string path;
    std::string id;  // as wished; the document makes it unique
    boost::json::object body;
};

std::vector<Operation> command_operations(const Source& source);
std::vector<Operation> query_operations(const Source& source);
std::vector<Operation> auth_operations(const AuthSettings& auth);
std::vector<Operation> intake_operations(const IntakeSettings& intake);
std::vector<Operation> standing_operations();  // health, and the document itself

// Names of components.schemas.
std::map<std::filesystem::path, std::string> request_names(const Source& source);  // by file
std::string row_name(const std::string& handler, const std::string& table);
std::string history_name(const std::string& aggregate);

}  // namespace lantern::openapi
