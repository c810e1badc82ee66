#include "host/postgres/tables/handler_role.hpp"

#include <libpq-fe.h>

#include <memory>

#include "host/postgres/connection.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/incarnation.hpp"

namespace lantern::postgres {
namespace {

const Statement kLogin = statement("handler_login");

std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char character : value) {
        if (character == '\'' || character == '\\') text += '\\';
        text += character;
    }
    return text + "'";
}

}  // namespace

std::optional<std::string> url_of_handler(const std::string& url, const HandlerName& handler) {
    Connection connection({.url = url,
                           .application_name = "lantern login",
                           .plans = Plans::estimated,
                           .once_connected = check_incarnation});
    const auto rows = connection.exec(kLogin, Params{}.add(handler.value));
    if (!rows.boolean(0, 2)) return std::nullopt;
    return url_with_login(url, {rows.text(0, 0), rows.text(0, 1)});
}

std::string remedy_without_role(const HandlerName& handler) {
    return "handler " + handler.value +
           " has no database role of its own, and the configured user may not create one. As a superuser run "
           "\"alter "
           "role <that user> createrole\" and start the host again; or create it as `select * from "
           "lantern.handler_login('" +
           handler.value +
           "')` names it; or set postgres.handler_roles: false, with which plugins have all rights of that user";
}

std::string url_with_login(const std::string& url, const Login& login) {
    char* problem = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(url.c_str(), &problem), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> said(problem, &PQfreemem);
    if (!options)
        throw Fault(FaultKind::configuration, "postgres",
                    "the url cannot be read: " + std::string(said ? said.get() : "out of memory"));
    std::string text = "user=" + quoted(login.user) + " password=" + quoted(login.password);
    for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
        const std::string_view name = option->keyword;
        // Neither the user's own password nor where it may be found.
        if (!option->val || name == "user" || name == "password" || name == "passfile") continue;
        text += " " + std::string(name) + "=" + quoted(option->val);
    }
    return text;
}

}  // namespace lantern::postgres
