#include "host/postgres/delivery/source.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"
#include "host/postgres/store/announcer.hpp"
#include "host/postgres/store/event_rows.hpp"
#include "host/postgres/store/incarnation.hpp"

namespace lantern::postgres {
namespace {

const Statement kProbe = statement("slice_probe");
const Statement kReadSequence = statement("read_sequence");
const Statement kOwnTransaction = statement("own_transaction");
const Statement kTakeSnapshot = statement("take_snapshot");
const Statement kPage = statement("slice_page");
const Statement kNames = statement("stream_names");

}  // namespace

Source::Source(const std::string& url)
    : connection_({.url = url, .application_name = "lantern relay source", .listen = kEventsChannel}) {}

void Source::ready() {
    if (connection_.ensure()) checked_ = false;
    if (checked_) return;
    const Uuid now = read_incarnation(connection_);
    if (told_ && *told_ != now) {
        told_.reset();
        throw Fault(FaultKind::outage, "postgres", "the store was adopted: it has another incarnation now");
    }
    if (incarnation_ != now) names_.clear();  // streams that were lost have left their ids to others
    incarnation_ = now;
    checked_ = true;
}

bool Source::anything_now(const Mark& from) {
    return connection_.exec(kProbe, Params{}.add(from.snapshot).add(from.floor.value)).boolean(0, 0);
}

bool Source::anything_since(const Mark& from, Milliseconds wait) {
    ready();
    if (anything_now(from)) return true;
    if (wait.count() <= 0) return false;
    connection_.wait_for_notification(wait);
    return anything_now(from);
}

Mark Source::take_mark() {
    ready();
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
    ready();
    Params params;
    params.add(from.snapshot).add(from.floor.value).add(to.snapshot).add(to.ceiling.value).add(after.value);
    params.add(static_cast<std::int64_t>(limit) + 1);
    const auto rows = connection_.exec(kPage, params);
    Page page;
    page.last = rows.size() <= limit;
    page.events.reserve(rows.size());
    for (std::size_t row = 0; row < std::min(rows.size(), limit); ++row)
        page.events.push_back(read_event(rows, row, 0));
    add_names(page.events);
    return page;
}

void Source::add_names(std::vector<Event>& events) {
    if (names_.size() > limits::kStreamNamesMax) names_.clear();
    ArrayLiteral unknown;
    std::unordered_set<StreamId> asked;
    for (const auto& event : events)
        if (!names_.contains(event.stream) && asked.insert(event.stream).second) unknown.add(event.stream.value);
    if (!asked.empty()) {
        const auto rows = connection_.exec(kNames, Params{}.add(std::move(unknown).take()));
        for (std::size_t row = 0; row < rows.size(); ++row)
            names_[StreamId{rows.integer(row, 0)}] = {rows.text(row, 1), rows.text(row, 2)};
    }
    for (auto& event : events) std::tie(event.aggregate_type, event.aggregate_id) = names_.at(event.stream);
}

Uuid Source::incarnation() {
    told_.reset();
    ready();
    told_ = incarnation_;
    return incarnation_;
}

}  // namespace lantern::postgres
