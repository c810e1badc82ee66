// A projection with a row for each event, so that commit times tell when each was applied. Setting `poison` N: each
// N-th stream, by the number its id ends with, fails at every event. Setting `away` FILE: while the file is there,
// what the projection depends on is away.
#include <lantern/plugin.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#ifndef STEPS_VERSION
#define STEPS_VERSION "1"
#endif

namespace {

using lantern::Type;

constexpr auto kSteps = lantern::Table::owned("steps")
                            .key("id", Type::text)
                            .key("revision", Type::integer)
                            .column("version", Type::text);

class Steps : public lantern::Projection {
public:
    explicit Steps(const lantern::Setup& setup)
        : poison_(lantern::find_integer(setup.settings(), "poison").value_or(0)),
          away_(lantern::find_text(setup.settings(), "away").value_or("")) {}

    static lantern::Description describe() {
        lantern::Description description("steps", STEPS_VERSION);
        for (int n = 1; n <= 50; ++n) description.on("STEP_" + std::to_string(n));
        return description.on("USER_CREATED", 2)
            .on("USER_UPDATED")
            .settings(R"({"type": "object", "properties": {
                "poison": {"type": "integer", "minimum": 0}, "away": {"type": "string"}}})")
            .schema_version(1)
            .table(kSteps);
    }

    lantern::Outcome handle(const lantern::Event& event, lantern::Changes& changes) {
        if (!away_.empty() && std::filesystem::exists(away_))
            return lantern::Outcome::unavailable("the benchmark", "its file is there");
        const std::string id(event.aggregate_id());
        if (poison_ > 0 && std::atoll(id.substr(id.size() - 12).c_str()) % poison_ == 0)
            throw std::runtime_error("poison");
        changes.upsert(kSteps, {id, event.revision()}, {{kSteps["version"], STEPS_VERSION}});
        return lantern::Outcome::applied();
    }

private:
    const std::int64_t poison_;
    const std::string away_;
};

}  // namespace

LANTERN_PLUGIN(Steps)
