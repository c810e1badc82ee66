// An operator stops a handler for a while, and lets it go on.
#include "host/postgres/catalog.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kPause = statement("handler_pause");
const Statement kResume = statement("handler_resume");

std::optional<std::string> state_before(const Rows& rows) {
    return rows.null(0, 0) ? std::nullopt : std::optional(rows.text(0, 0));
}

}  // namespace

std::optional<std::string> Catalog::pause(const HandlerName& handler, const Action& action) {
    connection_.ensure();
    return state_before(
        connection_.exec(kPause, Params{}.add(handler.value).add(action.who).add(action.reason), Commits::here));
}

std::optional<std::string> Catalog::resume(const HandlerName& handler, const Action& action) {
    connection_.ensure();
    return state_before(
        connection_.exec(kResume, Params{}.add(handler.value).add(action.who).add(action.reason), Commits::here));
}

}  // namespace lantern::postgres
