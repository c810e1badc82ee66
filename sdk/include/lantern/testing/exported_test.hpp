// What `lantern export --stream TYPE/ID --until TIME --as-test` writes, run as a test: an incident becomes one.
//
//     run_exported_test(lantern_plugin, "incident.json");
//
// The file is one JSON object:
//     title   what it is about
//     given   array of events as in a fixture (events.hpp): the stream's history
//     when    the event that the incident is about, the last before TIME
//     then    by the name of a projection: {"settings": {...}, "tables": {TABLE: [ROW, ...]}}
// The rows are those that the plugins of that day wrote. Put right what was wrong; columns that are left out are
// not compared. Secrets are placeholders.
#pragma once

#include <lantern/testing/projection_spec.hpp>

namespace lantern::testing {

struct ExportedTest {
    std::string title;
    std::vector<GivenEvent> given;
    GivenEvent when;
    json::object then;
};

// Throws std::invalid_argument. An aggregate's test gives `given` to an AggregateSpec and says the command itself.
inline ExportedTest read_exported_test(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::invalid_argument("cannot read " + path);
    std::ostringstream content;
    content << file.rdbuf();
    try {
        const json::object whole = json::parse(content.str()).as_object();
        ExportedTest test;
        test.title = view(whole.at("title").as_string());
        for (const json::value& one : whole.at("given").as_array())
            test.given.push_back(event_from(one.as_object()));
        test.when = event_from(whole.at("when").as_object());
        test.then = whole.at("then").as_object();
        return test;
    } catch (const std::exception& wrong) {
        throw std::invalid_argument(path + ": found " + wrong.what() +
                                    ", expected what `lantern export --as-test` writes");
    }
}

// For projections: each table that `then` names for the plugin holds exactly the rows that it lists.
inline void run_exported_test(const lantern_plugin_v1& plugin, const std::string& path) {
    const ExportedTest test = read_exported_test(path);
    const std::string name = shape_of(plugin).name;
    const json::value* then = test.then.if_contains(name);
    if (!then) throw Failure(path + ": \"then\" says nothing of plugin " + name);
    ProjectionSpec spec(plugin, json::serialize(then->at("settings")));
    spec.given(test.given).given(test.when);
    for (const auto& [table, rows] : then->at("tables").as_object()) {
        try {
            spec.then(std::string_view(table.data(), table.size()), json::serialize(rows));
        } catch (const Failure& failure) {
            throw Failure(test.title + ": " + failure.what());
        }
    }
}

}  // namespace lantern::testing
