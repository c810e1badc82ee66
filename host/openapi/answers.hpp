// What is answered: statuses with their meaning, headers, problem details. Private to this room.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <vector>

namespace lantern::openapi {

// {"$ref": "#/components/<section>/<name>"}
boost::json::object reference(const std::string& section, const std::string& name);

// components.responses: one for each status that is a problem, named by its status. components.headers.
boost::json::object problem_responses();
boost::json::object header_components();
boost::json::object problem_schema();

// Adds references to problems of these statuses.
void add_problems(boost::json::object& responses, std::initializer_list<int> statuses);

// An answer with a body of this schema; none for a null schema. Headers are names of components.headers.
struct Content {
    boost::json::value schema;
    boost::json::value example{};  // null: none
};
boost::json::object answer(const std::string& description, Content content = {},
                           const std::vector<std::string>& headers = {});

}  // namespace lantern::openapi
