#include <boost/json.hpp>
#include <deque>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include "host/apps/plugins/plugin_fixture.hpp"
#include "host/apps/plugins/plugin_verbs.hpp"
#include "host/core/clock.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/worker/changes.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;
using plugin_loading::Library;

// Tables that were empty before; the changes of all events are one batch.
class EmptyDatabase final : public worker::Recorder {
public:
    explicit EmptyDatabase(const std::vector<Table>& tables) : tables_(tables), changes_(tables) {}

    std::optional<std::string> record(Change change) override { return changes_.record(change); }
    const Row* find(std::uint32_t table, const std::vector<Value>& key) override {
        if (changes_.look_up(table, key) != worker::Changes::Found::present) return nullptr;
        row_.assign(tables_[table].columns.size(), Value{});
        std::copy(key.begin(), key.end(), row_.begin());
        changes_.overlay(table, key, row_);
        return &row_;
    }

    worker::Changes& changes() { return changes_; }

    // Rows by key.
    std::vector<Row> rows(std::uint32_t table) const {
        std::map<std::vector<Value>, Row> sorted;
        for (const auto& writes : changes_.writes()) {
            if (writes.table != table) continue;
            for (const auto& row : writes.upserts) {
                const auto width = static_cast<std::ptrdiff_t>(tables_[table].key_columns);
                sorted.emplace(std::vector<Value>(row.begin(), row.begin() + width), row);
            }
            for (const auto& merge : writes.merges) sorted.emplace(merge.key, merged(tables_[table], merge));
        }
        std::vector<Row> rows;
        for (auto& [key, row] : sorted) rows.push_back(std::move(row));
        return rows;
    }

private:
    static Row merged(const Table& table, const worker::TableWrites::Merge& merge) {
        Row row(table.columns.size());
        for (std::size_t at = 0; at < row.size(); ++at) {
            if (table.columns[at].merge == Merge::add) row[at] = std::int64_t{0};
        }
        std::copy(merge.key.begin(), merge.key.end(), row.begin());
        for (const auto& cell : merge.cells) row[cell.column] = cell.value;
        return row;
    }

    const std::vector<Table>& tables_;
    worker::Changes changes_;
    Row row_;
};

struct Answered {
    Event event;
    std::string answer;  // "applied", "skipped: ...", "retry: ..."
    bool failed = false;
};

Answered answered(Event event, const Outcome& outcome) {
    static constexpr const char* kKinds[] = {"applied", "skipped", "retry", "rejected", "unavailable"};
    std::string answer = kKinds[static_cast<std::size_t>(outcome.kind)];
    if (!outcome.reason.empty()) answer += ": " + outcome.reason;
    return {std::move(event), std::move(answer), !outcome.advances()};
}

// Events of the file that the plugin understands, brought to its versions; a failed event parks its stream.
std::vector<Answered> feed(worker::Projection& projection, const plugin_loading::Upcasters& upcasters,
                           const Description& description, std::vector<Event> events, EmptyDatabase& database) {
    std::vector<Answered> answers;
    std::set<StreamId> parked;
    for (auto& event : events) {
        if (!description.events.contains(event.type)) {
            answers.push_back({std::move(event), "not routed: the plugin does not name this event type", false});
            continue;
        }
        if (parked.contains(event.stream)) {
            answers.push_back({std::move(event), "waits: an earlier event of its stream failed", false});
            continue;
        }
        if (const auto wrong = upcasters.upcast(event)) {
            parked.insert(event.stream);
            answers.push_back({std::move(event), *wrong, true});
            continue;
        }
        database.changes().begin_event(event.position);
        const Outcome outcome = projection.handle(event, database);
        if (!outcome.advances()) {
            database.changes().drop_event();
            parked.insert(event.stream);
        }
        answers.push_back(answered(std::move(event), outcome));
    }
    return answers;
}

json::value value_json(const Value& value, ColumnType type) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        using namespace std::chrono;
        if (type == ColumnType::boolean) return *integer != 0;
        if (type == ColumnType::time) return json::string(iso8601(Timestamp{microseconds{*integer}}));
        if (type == ColumnType::date)
            return json::string(iso8601(Timestamp{sys_days{days{*integer}}}).substr(0, 10));
        return *integer;
    }
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* text = std::get_if<std::string>(&value)) {
        boost::system::error_code code;
        if (type == ColumnType::json) {
            if (auto parsed = json::parse(*text, code); !code) return parsed;
        }
        return json::string(*text);
    }
    return nullptr;
}

std::string shown(const Value& value, ColumnType type) {
    const auto as_json = value_json(value, type);
    return as_json.is_string() ? std::string(as_json.get_string()) : json::serialize(as_json);
}

void print_rows(const Table& table, const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& column : table.columns) widths.push_back(column.name.size());
    for (const auto& row : rows) {
        for (std::size_t at = 0; at < row.size(); ++at) {
            widths[at] = std::max(widths[at], shown(row[at], table.columns[at].type).size());
        }
    }
    std::cout << "\ntable " << table.name << ": " << rows.size() << (rows.size() == 1 ? " row\n" : " rows\n");
    const auto print = [&](std::size_t at, const std::string& text) {
        std::cout << "  " << std::left << std::setw(static_cast<int>(widths[at])) << text;
    };
    for (std::size_t at = 0; at < widths.size(); ++at) print(at, table.columns[at].name);
    std::cout << "\n";
    for (const auto& row : rows) {
        for (std::size_t at = 0; at < row.size(); ++at) print(at, shown(row[at], table.columns[at].type));
        std::cout << "\n";
    }
}

json::object tables_json(const Description& description, const EmptyDatabase& database) {
    json::object tables;
    for (std::uint32_t table = 0; table < description.tables.size(); ++table) {
        const auto& columns = description.tables[table].columns;
        json::array rows;
        for (const auto& row : database.rows(table)) {
            json::object object;
            for (std::size_t at = 0; at < row.size(); ++at) {
                object[columns[at].name] = value_json(row[at], columns[at].type);
            }
            rows.push_back(std::move(object));
        }
        tables[description.tables[table].name] = std::move(rows);
    }
    return tables;
}

void print(const Description& description, const EmptyDatabase& database, const std::vector<Answered>& answers,
           bool as_json) {
    json::array events;
    for (const auto& each : answers) {
        const std::string subject = each.event.aggregate_type + "/" + each.event.aggregate_id;
        if (as_json) {
            events.push_back(json::object{{"position", each.event.position.value},
                                          {"type", each.event.type},
                                          {"subject", subject},
                                          {"revision", each.event.revision.value},
                                          {"answer", each.answer}});
        } else {
            std::cout << std::right << std::setw(4) << each.event.position.value << "  " << each.event.type << "  "
                      << subject << " " << each.event.revision.value << "  " << each.answer << "\n";
        }
    }
    if (as_json) {
        std::cout << json::serialize(json::object{{"plugin", description.name},
                                                  {"events", std::move(events)},
                                                  {"tables", tables_json(description, database)}})
                  << "\n";
        return;
    }
    for (std::uint32_t table = 0; table < description.tables.size(); ++table) {
        print_rows(description.tables[table], database.rows(table));
    }
}

int refuse(const std::string& why) {
    std::cerr << why << "\n";
    return 1;
}

// Schema plugins beside the file, or in --plugins; looked for only when an event is older than the plugin wants.
std::vector<std::shared_ptr<const Library>> schemas_for(const Instance& at, const PluginRun& asked,
                                                        const Description& description,
                                                        const std::vector<Event>& events) {
    for (const auto& event : events) {
        const auto understood = description.events.find(event.type);
        if (understood == description.events.end() || event.schema_version >= understood->second) continue;
        const auto place = at.plugins.empty() ? std::filesystem::absolute(asked.file).parent_path() : at.plugins;
        return plugin_loading::Directory(place, probe_options(at)).open_all(PluginKind::schema);
    }
    return {};
}

plugin_loading::LogSink log_to_stderr() {
    return [](plugin_loading::LogLevel level, std::string_view message) {
        static constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
        std::cerr << kLevels[static_cast<std::size_t>(level)] << ": " << message << "\n";
    };
}

}  // namespace

int run_plugin(const Instance& at, const PluginRun& asked) {
    auto options = probe_options(at);
    options.settings = asked.settings;
    const auto probed = plugin_loading::probe(asked.file, options);
    if (!probed) return refuse(probed.error());
    if (probed.value().kind != PluginKind::projection) {
        return refuse(asked.file.string() +
                      ": found a plugin that is no projection; expected one, since only it can "
                      "be run without an effect on the world; remedy: test it with the SDK's "
                      "given/when/then kit");
    }
    auto events = read_fixture(asked.events);
    if (!events) return refuse(events.error());
    const auto library = Library::open(asked.file, {options.copies});
    if (!library) return refuse(library.error());
    const Description& description = library.value()->description();
    const auto upcasters =
        plugin_loading::Upcasters::make(schemas_for(at, asked, description, events.value()), description);
    if (!upcasters) return refuse(upcasters.error());
    const auto projection = library.value()->make_projection(asked.settings, {log_to_stderr()});
    if (!projection) return refuse(projection.error());

    EmptyDatabase database(description.tables);
    const auto answers =
        feed(*projection.value(), *upcasters.value(), description, std::move(events.value()), database);
    print(description, database, answers, asked.as_json);
    return std::any_of(answers.begin(), answers.end(), [](const Answered& each) { return each.failed; }) ? 1 : 0;
}

}  // namespace lantern::apps
