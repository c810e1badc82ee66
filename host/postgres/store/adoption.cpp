#include "host/postgres/store/adoption.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kIncarnation = statement("incarnation");
const Statement kAhead = statement("ahead");
const Statement kAdopt = statement("adopt");

// It reads every event once for each handler, and waits for writers and batches to end.
Session patient(const std::string& url) {
    Session session{.url = url, .application_name = "lantern store adopt", .plans = Plans::estimated};
    session.statement_timeout = std::chrono::hours(4);
    session.lock_timeout = std::chrono::minutes(1);
    return session;
}

std::vector<AdoptedHandler> read(const Rows& rows) {
    std::vector<AdoptedHandler> handlers;
    for (std::size_t row = 0; row < rows.size(); ++row)
        handlers.push_back({HandlerName{rows.text(row, 0)}, rows.text(row, 1), rows.integer(row, 2),
                            rows.integer(row, 3), Position{rows.columns() > 4 ? rows.integer(row, 4) : 0}});
    return handlers;
}

}  // namespace

Adoption::Adoption(const std::string& url) : connection_(patient(url)) {}

std::string Adoption::difference() {
    const auto rows = connection_.exec(kIncarnation);
    return rows.boolean(0, 1) ? "" : rows.text(0, 2);
}

std::vector<AdoptedHandler> Adoption::look() {
    return read(connection_.exec(kAhead));
}

std::vector<AdoptedHandler> Adoption::adopt(const Action& action) {
    return read(connection_.exec(kAdopt, Params{}.add(action.who).add(action.reason), Commits::here));
}

}  // namespace lantern::postgres
