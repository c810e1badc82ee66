// The routing in force, those before it, and what the store and the broker have to do with them.
#include <sstream>

#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/operate/catalog.hpp"
#include "host/postgres/operate/catalog_lock.hpp"

namespace lantern::postgres {
namespace {

const Statement kHead = statement("routing_head");
const Statement kInsert = statement("routing_insert");
const Statement kRevision = statement("routing_revision");
const Statement kHistory = statement("routing_history");
const Statement kOpenRoutes = statement("open_routes");
const Statement kEventTypes = statement("event_types");
const Statement kRetired = statement("retired_bindings");
const Statement kRetiredForget = statement("retired_forget");
const Statement kAdminNote = statement("admin_note");

}  // namespace

std::optional<RoutingRevision> Catalog::routing_of(const Rows& rows, std::size_t row) {
    if (row >= rows.size()) return std::nullopt;
    return RoutingRevision{rows.integer(row, 0), rows.maybe_integer(row, 1), rows.text(row, 2),
                           rows.text(row, 3),    rows.text(row, 4),          rows.time(row, 5)};
}

std::optional<RoutingRevision> Catalog::routing() {
    connection_.ensure();
    return routing_of(connection_.exec(kHead));
}

std::optional<RoutingRevision> Catalog::routing(std::int64_t number) {
    connection_.ensure();
    return routing_of(connection_.exec(kRevision, Params{}.add(number)));
}

std::vector<RoutingRevision> Catalog::routings(std::size_t limit) {
    connection_.ensure();
    const auto rows = connection_.exec(kHistory, Params{}.add(static_cast<std::int64_t>(limit)));
    std::vector<RoutingRevision> found;
    for (std::size_t row = 0; row < rows.size(); ++row) found.push_back(*routing_of(rows, row));
    return found;
}

Result<RoutingRevision, std::string> Catalog::revert(std::int64_t number, const Action& action) {
    connection_.ensure();
    Transaction transaction(connection_);
    lock_catalog(connection_);
    const auto head = routing_of(connection_.exec(kHead));
    const auto wanted = routing_of(connection_.exec(kRevision, Params{}.add(number)));
    if (!head || !wanted)
        return failure("there is no routing revision " + std::to_string(number) +
                       (head ? "; the newest is " + std::to_string(head->number) : "; none was applied yet"));
    if (head->hash == wanted->hash)
        return failure("revision " + std::to_string(head->number) + ", in force, says the same as revision " +
                       std::to_string(number));
    Params params;
    params.add(head->number + 1).add(head->number).add(wanted->content).add(wanted->hash);
    connection_.exec(kInsert, params.add(action.who));
    connection_.exec(
        kAdminNote,
        Params{}.add(action.who).add("routes revert").add("revision " + std::to_string(number)).add(action.reason));
    auto made = *routing_of(connection_.exec(kHead));
    transaction.commit();
    return made;
}

std::set<routing::OpenRoute> Catalog::open_routes() {
    connection_.ensure();
    const auto rows = connection_.exec(kOpenRoutes);
    std::set<routing::OpenRoute> open;
    for (std::size_t row = 0; row < rows.size(); ++row)
        open.insert({HandlerName{rows.text(row, 0)}, rows.text(row, 1)});
    return open;
}

std::vector<StoredType> Catalog::event_types() {
    connection_.ensure();
    const auto rows = connection_.exec(kEventTypes);
    std::vector<StoredType> types;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        auto& type = types.emplace_back(StoredType{rows.text(row, 0), rows.integer(row, 1), {}});
        std::istringstream handlers(rows.text(row, 2));
        for (std::string handler; handlers >> handler;) type.handlers.push_back(handler);
    }
    return types;
}

std::vector<RetiredBinding> Catalog::retired_bindings() {
    connection_.ensure();
    const auto rows = connection_.exec(kRetired);
    std::vector<RetiredBinding> found;
    for (std::size_t row = 0; row < rows.size(); ++row)
        found.push_back({HandlerName{rows.text(row, 0)}, rows.text(row, 1), rows.text(row, 2)});
    return found;
}

bool Catalog::forget(const RetiredBinding& gone) {
    const auto rows =
        connection_.exec(kRetiredForget, Params{}.add(gone.handler.value).add(gone.queues).add(gone.event_type));
    return rows.affected() > 0;
}

}  // namespace lantern::postgres
