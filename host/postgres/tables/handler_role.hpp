// The database role of a handler's workers (sql/functions/handler_roles.sql).
#pragma once

#include <optional>
#include <string>

#include "host/core/handler.hpp"

namespace lantern::postgres {

// `url` with the user and password of the handler's role in place of the user's own. Nothing: the role is missing,
// because the user may not create roles. Throws Fault.
std::optional<std::string> url_of_handler(const std::string& url, const HandlerName& handler);

// What to do then.
std::string remedy_without_role(const HandlerName& handler);

// A connection string, URI or key=value, with another user. Fault(configuration) when it is neither.
struct Login {
    std::string user, password;
};
std::string url_with_login(const std::string& url, const Login& login);

}  // namespace lantern::postgres
