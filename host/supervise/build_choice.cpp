#include "host/supervise/build_choice.hpp"

#include <algorithm>

namespace lantern::supervise {

BuildChoice build_to_run(const Description& installed, const std::vector<KnownBuild>& known,
                         const std::function<bool(const std::string& build)>& here) {
    const auto bad = std::find_if(known.begin(), known.end(), [&](const KnownBuild& build) {
        return build.build == installed.build && build.quarantined;
    });
    if (bad == known.end()) return {installed.build, false, {}};
    for (const KnownBuild& before : known) {
        if (before.quarantined || before.plugin != installed.name ||
            before.schema_version != installed.schema_version ||
            before.declaration_hash != installed.declaration_hash || !here(before.build))
            continue;
        return {before.build, true, bad->why};
    }
    return {std::nullopt, false, bad->why};
}

}  // namespace lantern::supervise
