#include "host/postgres/delivery/leadership.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kHold = statement("leadership_hold");
const Statement kProgress = statement("leadership_progress");
const Statement kAdvance = statement("leadership_advance");
const Statement kResign = statement("leadership_resign");
const Statement kNote = statement("relay_note");
const Statement kUnroutable = statement("unroutable_add");

void add_target(Params& params, const std::optional<Mark>& target) {
    if (target) {
        params.add(target->floor.value).add(target->snapshot);
    } else {
        params.add_null().add_null();
    }
}

}  // namespace

Leadership::Leadership(const std::string& url, const Uuid& self, std::string reader)
    : connection_({.url = url, .application_name = "lantern relay"}),
      self_(self.text()),
      reader_(std::move(reader)) {}

std::optional<Epoch> Leadership::hold() {
    connection_.ensure();
    const auto dead = std::chrono::duration_cast<Milliseconds>(limits::kHeartbeatDead).count();
    const auto rows = connection_.exec(
        kHold, Params{}.add(reader_).add(self_).add(std::int64_t{dead}).add(leads_ ? "false" : "true"),
        Commits::here);
    leads_ = !rows.empty();
    if (!leads_) return std::nullopt;
    return Epoch{rows.integer(0, 0)};
}

relay::Progress Leadership::progress() {
    connection_.ensure();
    const auto rows = connection_.exec(kProgress, Params{}.add(reader_));
    relay::Progress progress;
    if (rows.empty()) return progress;
    progress.mark = {Position{rows.integer(0, 0)}, rows.text(0, 1), Position{rows.integer(0, 2)}};
    if (!rows.null(0, 4))
        progress.target = Mark{Position{rows.integer(0, 3)}, rows.text(0, 4), Position{rows.integer(0, 5)}};
    progress.cursor = Position{rows.integer(0, 6)};
    return progress;
}

bool Leadership::advance(Epoch epoch, const relay::Progress& before, const relay::Progress& after) {
    connection_.ensure();
    Params params;
    params.add(reader_).add(self_).add(epoch.value);
    params.add(before.mark.floor.value).add(before.mark.snapshot);
    add_target(params, before.target);
    params.add(before.cursor.value);
    params.add(after.mark.floor.value).add(after.mark.snapshot).add(after.mark.ceiling.value);
    add_target(params, after.target);
    if (after.target) {
        params.add(after.target->ceiling.value);
    } else {
        params.add_null();
    }
    params.add(after.cursor.value);
    return connection_.exec(kAdvance, params, Commits::here).affected() == 1;
}

void Leadership::resign() {
    connection_.ensure();
    connection_.exec(kResign, Params{}.add(reader_).add(self_), Commits::here);
    leads_ = false;
}

void Leadership::note(const std::string& trouble) {
    connection_.ensure();
    connection_.exec(kNote, Params{}.add(reader_).add(self_).add(trouble), Commits::here);
}

void Leadership::count_unroutable(const std::map<std::string, std::uint64_t>& more) {
    connection_.ensure();
    ArrayLiteral types, messages;
    for (const auto& [type, count] : more) {
        types.add(std::string_view(type));
        messages.add(static_cast<std::int64_t>(count));
    }
    connection_.exec(kUnroutable, Params{}.add(std::move(types).take()).add(std::move(messages).take()),
                     Commits::here);
}

}  // namespace lantern::postgres
