// An operator stops a handler for a while, and lets it go on.
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/catalog.hpp"

namespace lantern::postgres {
namespace {

const Statement kPause = statement("handler_pause");
const Statement kResume = statement("handler_resume");
const Statement kUnbound = statement("handlers_unbound");

std::optional<std::string> state_before(const Rows& rows) {
    return rows.null(0, 0) ? std::nullopt : std::optional(rows.text(0, 0));
}

}  // namespace

std::set<HandlerName> Catalog::unbound() {
    connection_.ensure();
    const auto rows = connection_.exec(kUnbound);
    std::set<HandlerName> names;
    for (std::size_t row = 0; row < rows.size(); ++row) names.insert(HandlerName{rows.text(row, 0)});
    return names;
}

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
