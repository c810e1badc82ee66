// lantern status: the handlers, what they are behind, why one waits, and who works for them.
#include "host/apps/operate/status_shown.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/limits.hpp"
#include "host/postgres/backfill/beside.hpp"

namespace lantern::apps {

void add_status(Verbs& verbs) {
    auto format = std::make_shared<std::string>("table");
    auto& status = verbs.add("status", "show the handlers, their lag, their workers, and why one waits",
                             [format](const Instance& at) {
                                 const auto url = at.settings().postgres_url;
                                 postgres::Catalog catalog(url);
                                 postgres::Connection connection(postgres::session_of_backfill(url));
                                 const Status found{catalog.handlers(),
                                                    catalog.relay(),
                                                    catalog.unroutable(),
                                                    catalog.routing(),
                                                    postgres::Hosts(url).seen_within(limits::kHeartbeatDead),
                                                    postgres::Jobs(url).open(),
                                                    postgres::kept_schemas(connection),
                                                    postgres::IntakeStatuses(url).read()};
                                 if (*format == "json")
                                     print_status_json(found);
                                 else
                                     print_status(found);
                                 return 0;
                             });
    status.add_option("-o,--output", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
}

}  // namespace lantern::apps
