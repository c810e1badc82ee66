// lantern audit verify [HANDLER] [--stream user/<id>]: handlers whose plugin has a check look through their rows
// for what somebody changed from outside, as of one moment, while everything goes on. Reads, and changes nothing.
#include <boost/json.hpp>
#include <iostream>

#include "host/apps/backfill/backfill_site.hpp"
#include "host/apps/backfill/job_follow.hpp"
#include "host/apps/backfill/progress.hpp"
#include "host/apps/backfill/replay.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/tables/owned_rows.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownMax = 1000;  // findings of a handler; the rest is counted

struct Words {
    std::string handler, stream, format = "text";
};

struct Shown {
    std::string subject;  // user/<id>
    std::string table;
    std::vector<std::pair<std::string, std::string>> key;
    std::string found, expected;
};

struct Looked {
    HandlerName handler;
    std::int64_t streams = 0, rows = 0, findings = 0;
    std::vector<Shown> shown;
};

std::string subject_of(const OwnedRows& rows) {
    std::string text;
    for (const auto& stream : rows.streams)
        text.append(text.empty() ? "" : ", ").append(stream.aggregate_type).append("/").append(rows.aggregate_id);
    return text.empty() ? rows.aggregate_id + ", of no stream" : text;
}

Shown shown_of(const Finding& finding, const OwnedRows& rows, const Table& table) {
    Shown shown{subject_of(rows), table.name, {}, finding.found, finding.expected};
    for (std::size_t at = 0; at < finding.key.size(); ++at) {
        auto& [name, value] = shown.key.emplace_back(table.columns[at].name, "");
        postgres::append_value(value, table.columns[at].type, finding.key[at]);
    }
    return shown;
}

// The id of the stream that was named; nothing: none was.
std::optional<std::string> named_id(postgres::Connection& connection, const HandlerName& handler,
                                    const std::string& stream) {
    if (stream.empty()) return std::nullopt;
    ReplayWords scope;
    scope.stream = stream;
    const auto selection = selection_of(handler, scope);
    if (postgres::select_streams(connection, selection).empty())
        throw Fault(FaultKind::configuration, "handler " + handler.value, "there is no stream " + stream);
    return selection.stream->second;
}

Looked look(const Folding& folding, const std::string& stream) {
    const auto& handler = folding.handler;
    auto check = folding.library->make_check(handler.settings, {});
    if (!check) throw Fault(FaultKind::configuration, "handler " + handler.name.value, check.error());
    postgres::Connection connection(postgres::session_of_backfill(folding.settings.postgres_url));
    const auto id = named_id(connection, handler.name, stream);
    postgres::OwnedRowsReader reader(connection, folding.schema(""), id);
    Looked looked;
    looked.handler = handler.name;
    Progress progress("looked through", "streams");
    for (OwnedRows rows; reader.next(rows);) {
        const auto found = check.value()->look(rows);
        if (!found)
            throw Fault(FaultKind::data, "handler " + handler.name.value, subject_of(rows) + ": " + found.error());
        for (const auto& finding : found.value())
            if (++looked.findings <= static_cast<std::int64_t>(kShownMax))
                looked.shown.push_back(shown_of(finding, rows, folding.plugin().tables[finding.table]));
        looked.streams += static_cast<std::int64_t>(rows.streams.size());
        for (const auto& table : rows.tables) looked.rows += static_cast<std::int64_t>(table.size());
        progress.at(looked.streams, reader.streams(), handler.name.value);
    }
    progress.end();
    return looked;
}

void print(const Looked& looked) {
    for (const auto& one : looked.shown) {
        std::string key;
        for (const auto& [name, value] : one.key)
            key.append(key.empty() ? "" : ", ").append(name).append(" ").append(value);
        std::cout << looked.handler.value << ", " << one.subject << ": " << one.table << " (" << key
                  << ")\n  found     " << one.found << "\n  expected  " << one.expected << "\n";
    }
    const auto shown = static_cast<std::int64_t>(looked.shown.size());
    if (looked.findings > shown) std::cout << "and " << grouped(looked.findings - shown) << " findings more\n";
    std::cout << looked.handler.value << ": " << grouped(looked.streams) << " streams, " << grouped(looked.rows)
              << " rows looked through; "
              << (looked.findings == 0 ? "nothing was found" : "findings: " + grouped(looked.findings))
              << std::endl;
}

json::object json_of(const Looked& looked) {
    json::array findings;
    for (const auto& one : looked.shown) {
        json::object key;
        for (const auto& [name, value] : one.key) key[name] = value;
        findings.push_back({{"stream", one.subject},
                            {"table", one.table},
                            {"key", std::move(key)},
                            {"found", one.found},
                            {"expected", one.expected}});
    }
    return {{"handler", looked.handler.value},
            {"streams", looked.streams},
            {"rows", looked.rows},
            {"findings_total", looked.findings},
            {"findings", std::move(findings)}};
}

int none_has_a_check(const std::string& handler) {
    std::cerr
        << "lantern: "
        << (handler.empty() ? "no routed plugin can" : "the plugin of handler " + handler + " cannot")
        << " say whether its rows were changed from outside: nothing was looked through. `lantern verify HANDLER` "
           "compares a handler's rows with a fresh fold of its events"
        << std::endl;
    return kFailed;
}

int verify(const Instance& at, const Words& words) {
    const auto handlers = words.handler.empty() ? routed_projections(at) : std::vector{HandlerName{words.handler}};
    std::int64_t findings = 0;
    json::array all;
    bool some = false;
    for (const auto& handler : handlers) {
        const auto folding = live_folding_of(at, handler);
        if (!folding.library->has_check()) continue;
        some = true;
        const auto looked = look(folding, words.stream);
        findings += looked.findings;
        if (words.format == "json")
            all.push_back(json_of(looked));
        else
            print(looked);
    }
    if (!some) return none_has_a_check(words.handler);
    if (words.format == "json")
        std::cout << json::serialize(json::object{{"handlers", std::move(all)}}) << std::endl;
    return findings > 0 ? kDiffers : 0;
}

}  // namespace

void add_audit(Verbs& verbs) {
    const auto words = std::make_shared<Words>();
    auto& group = verbs.add_group("audit", "look for what was changed behind Lantern's back");
    auto& verb =
        verbs.add_to(group, "verify",
                     "look through the rows of handlers that can tell whether somebody changed them, such as "
                     "an audit log; exit code 3 when something is found",
                     [words](const Instance& at) { return verify(at, *words); });
    verb.add_option("handler", words->handler, "as the routing file names it (default: all that can tell)");
    verb.add_option("--stream", words->stream, "only the rows of this stream, e.g. user/<id>");
    verb.add_option("-o,--output", words->format, "text or json")->check(CLI::IsMember({"text", "json"}));
}

}  // namespace lantern::apps
