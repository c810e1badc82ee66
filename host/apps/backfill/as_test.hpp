// lantern export --as-test: the events of one stream as a test that the SDK's kit runs
// (sdk/include/lantern/testing/exported_test.hpp describes the file). What the projections make of them today
// stands in it as the expectation; who writes the test puts right what is wrong there.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "host/apps/instance.hpp"
#include "host/core/event.hpp"
#include "host/plugin_loading/directory.hpp"
#include "host/plugin_loading/upcasters.hpp"
#include "host/schemas/event_schemas.hpp"

namespace lantern::apps {

class AsTest {
public:
    // `schemas` outlives it. Throws Fault(configuration).
    AsTest(const Instance& at, const schemas::EventSchemas& schemas);

    // In the order of the stream: as installed plugins are given it, placeholders in the place of secrets.
    void add(Event event);
    // Runs the projections that the routing file names, each in a process of its own. Throws Fault.
    void write(std::ostream& out, const std::string& title) const;

private:
    struct Fold {
        std::string plugin, settings, file;
    };
    std::string tables_of(const Fold& fold, const std::string& events_file) const;

    const Instance& at_;
    const schemas::EventSchemas& schemas_;
    std::shared_ptr<plugin_loading::Upcasters> upcasters_;
    std::vector<Fold> folds_;
    std::vector<std::string> events_;  // JSON
};

}  // namespace lantern::apps
