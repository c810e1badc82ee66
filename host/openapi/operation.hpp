// What all operations have in common. Private to this room.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "host/core/settings.hpp"

namespace lantern::openapi {

// The first segment of a path that is no version: "/v1/users/{id}/" -> "users".
std::string tag_of(const std::string& path);

struct Entry {
    const std::string& path;
    Access access;
    const std::string& scope;
    std::string summary;
    std::string description;  // what is to be said beside who may use it; may be empty
};
// tags, summary, description, security.
boost::json::object operation(const Entry& entry);

struct Parameter {
    std::string name;
    enum class In { query, header, path } in = In::query;
    std::string description;
    boost::json::object schema;
    boost::json::value example{};  // null: none
};
boost::json::object parameter(const Parameter& parameter);
// {id} of a path, when it has one.
void add_id(boost::json::array& parameters, const std::string& path, const std::string& of);
boost::json::object whole_number(std::int64_t least);
boost::json::object text_schema();

}  // namespace lantern::openapi
