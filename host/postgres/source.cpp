#include "host/postgres/source.hpp"

#include "host/postgres/announcer.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/event_rows.hpp"

namespace lantern::postgres {
namespace {

const Statement kProbe = statement("slice_probe");
const Statement kReadSequence = statement("read_sequence");
const Statement kOwnTransaction = statement("own_transaction");
const Statement kTakeSnapshot = statement("take_snapshot");
const Statement kPage = statement("slice_page");
const Statement kIncarnation = statement("incarnation");

}  // namespace

Source::Source(const std::string& url)
    : connection_({.url = url, .application_name = "lantern relay source", .listen = kEventsChannel}) {}

bool Source::anything_now(const Mark& from) {
    return connection_.exec(kProbe, Params{}.add(from.snapshot).add(from.floor.value)).boolean(0, 0);
}

bool Source::anything_since(const Mark& from, Milliseconds wait) {
    connection_.ensure();
    if (anything_now(from)) return true;
    if (wait.count() <= 0) return false;
    connection_.wait_for_notification(wait);
    return anything_now(from);
}

Mark Source::take_mark() {
    connection_.ensure();
    // The order is the guarantee.
    // 1. The floor: an id younger than the snapshot below draws its positions later than this.
    const Position floor{connection_.exec(kReadSequence).integer(0, 0)};
    // 2. A completed transaction in between: a snapshot's xmax follows the last completed id, and must be above
    //    every id whose positions the floor covers.
    connection_.exec(kOwnTransaction);
    // 3. The snapshot.
    const auto taken = connection_.exec(kTakeSnapshot);
    return {floor, taken.text(0, 0), Position{taken.integer(0, 1)}};
}

Page Source::page(const Mark& from, const Mark& to, Position after, std::size_t limit) {
    connection_.ensure();
    Params params;
    params.add(from.snapshot).add(from.floor.value).add(to.snapshot).add(to.ceiling.value).add(after.value);
    params.add(static_cast<std::int64_t>(limit) + 1);
    Page page;
    page.events = read_events(connection_.exec(kPage, params));
    page.last = page.events.size() <= limit;
    if (!page.last) page.events.pop_back();
    return page;
}

Uuid Source::incarnation() {
    connection_.ensure();
    return connection_.exec(kIncarnation).uuid(0, 0);
}

}  // namespace lantern::postgres
