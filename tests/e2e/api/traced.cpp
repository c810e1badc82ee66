// A projection that keeps what a plugin is told of where an event comes from, and says it to the log.
#include <string>

#include <lantern/plugin.hpp>

namespace {

using lantern::Type;

constexpr auto kTraces = lantern::Table::owned("traces").key("id", Type::text).column("metadata", Type::json);

class Traced : public lantern::Projection {
public:
    explicit Traced(const lantern::Setup& setup) : log_(setup.log()) {}

    static lantern::Description describe() {
        return lantern::Description("traced", "1.0.0").on("USER_CREATED", 2).schema_version(1).table(kTraces);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        const std::string metadata(event.raw_metadata());
        log_.info("traced " + metadata);
        changes.upsert(kTraces, event.aggregate_id(), {{kTraces["metadata"], metadata}});
    }

private:
    const lantern::Log log_;
};

}  // namespace

LANTERN_PLUGIN(Traced)
