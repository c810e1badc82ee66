#include "host/apps/backfill/replay.hpp"

#include <algorithm>
#include <iostream>

#include "host/apps/backfill/progress.hpp"
#include "host/apps/operator_name.hpp"
#include "host/backfill/slot_load.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/backfill/refold.hpp"
#include "host/settings/units.hpp"

namespace lantern::apps {
namespace {

constexpr int kTriesMax = 5;

[[noreturn]] void refuse(const HandlerName& handler, const std::string& why) {
    throw Fault(FaultKind::configuration, "handler " + handler.value, why);
}

void read_bound(const HandlerName& handler, const std::string& option, const std::string& text,
                std::optional<Position>& position, std::optional<Timestamp>& time) {
    if (text.empty()) return;
    if (const auto number = settings::parse_integer(text)) {
        position = Position{*number};
    } else {
        time = parse_iso8601(text);
        if (!time)
            refuse(handler, option + " " + text + ": expected a position, or a time as 2026-11-21T03:33:26Z");
    }
}

}  // namespace

std::string ReplayWords::text() const {
    std::string text;
    const auto add = [&](const char* option, const std::string& value) {
        if (!value.empty()) text.append(text.empty() ? "" : " ").append(option).append(" ").append(value);
    };
    add("--stream", stream);
    add("--aggregate", aggregate);
    add("--type", type);
    add("--from", from);
    add("--to", to);
    return text;
}

postgres::StreamSelection selection_of(const HandlerName& handler, const ReplayWords& words) {
    postgres::StreamSelection selection;
    selection.aggregate_type = words.aggregate;
    selection.event_type = words.type;
    read_bound(handler, "--from", words.from, selection.from_position, selection.from);
    read_bound(handler, "--to", words.to, selection.to_position, selection.to);
    if (words.stream.empty()) return selection;
    const auto slash = words.stream.find('/');
    if (slash == std::string::npos) refuse(handler, "--stream " + words.stream + ": expected e.g. user/<id>");
    selection.stream = {words.stream.substr(0, slash), words.stream.substr(slash + 1)};
    return selection;
}

int replay(const Folding& folding, const ReplayWords& words) {
    using Begun = postgres::StreamRefold::Begun;
    const auto& tables = folding.plugin().tables;
    const auto shared = std::find_if(tables.begin(), tables.end(),
                                     [](const auto& table) { return table.ownership == Ownership::shared; });
    if (shared != tables.end())
        refuse(folding.handler.name, "table " + shared->name +
                                         " is shared: what one stream did to its rows can't be taken out; "
                                         "rebuild all of it with `lantern backfill " +
                                         folding.handler.name.value + "`");
    const processes::StopRequest stop;
    postgres::Connection connection(postgres::session_of_backfill(folding.settings.postgres_url));
    const auto streams = postgres::select_streams(connection, selection_of(folding.handler.name, words));
    if (streams.empty() && !words.stream.empty())
        refuse(folding.handler.name, "there is no stream " + words.stream);
    if (words.dry_run) {
        std::cout << "would refold " << grouped(static_cast<std::int64_t>(streams.size()))
                  << " streams; nothing was changed" << std::endl;
        return 0;
    }
    SystemClock clock;
    const Routes routes = postgres::routes_now(connection, folding.handler.name);
    postgres::StreamRefold refold(connection, folding.schema(""), routes, folding.registered.generation);
    backfill::SlotLoad load({tables, routes, *folding.upcasters, [&] { return folding.make_object(); }, clock,
                             [](std::int64_t) { return true; }});
    postgres::note_replay(connection, folding.handler.name, operator_name(), streams.size());
    Progress progress("refolded", "streams");
    std::int64_t done = 0, nothing = 0, failed = 0;
    for (std::size_t at = 0, tries = 0; at < streams.size() && !stop.requested(); ++at) {
        try {
            const auto begun = refold.begin(streams[at], backfill::kLongStream);
            if (begun == Begun::regenerated) {
                progress.end();
                refuse(folding.handler.name, "other tables were swapped in meanwhile, for which " + grouped(done) +
                                                 " streams that were refolded before don't count; begin again");
            } else if (begun == Begun::nothing_applied) {
                ++nothing;
            } else if (begun == Begun::too_long) {
                std::cerr << "stream " << streams[at].value << " is too long to be refolded alone\n";
                ++failed;
            } else if (load.run(refold, refold, streams[at]) == backfill::SlotLoad::Done::whole) {
                ++done;
            } else {
                std::cerr << "stream " << streams[at].value << " stays as it is: " << refold.error() << "\n";
                ++failed;
            }
            tries = 0;
        } catch (const Fault& fault) {
            connection.rollback();
            if (fault.kind() != FaultKind::conflict || ++tries > kTriesMax) throw;
            --at;  // the row was locked for too long: the same again
        }
        progress.at(done, static_cast<std::int64_t>(streams.size()), "");
    }
    progress.end();
    std::cout << "refolded " << grouped(done) << " streams";
    if (nothing > 0) std::cout << "; of " << grouped(nothing) << " nothing was applied yet";
    if (failed > 0) std::cout << "; " << grouped(failed) << " failed and are as they were";
    std::cout << std::endl;
    return failed > 0 || stop.requested() ? 1 : 0;
}

}  // namespace lantern::apps
