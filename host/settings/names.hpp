// The rules for names that become queues, schemas, columns and paths. Each returns what is expected of such a
// name, or an empty text when it is one. Private to this room.
#pragma once

#include <string>

namespace lantern::settings {

std::string refuse_name(const std::string& name);          // handlers, plugins, aggregate types, commands
std::string refuse_handler_name(const std::string& name);  // also not a schema of someone else
std::string refuse_event_type(const std::string& type);
std::string refuse_column(const std::string& column);

}  // namespace lantern::settings
