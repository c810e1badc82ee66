// Both files begin with "version: 1". Private to this room.
#pragma once

#include "host/settings/mapping.hpp"

namespace lantern::settings {

inline void read_version(Reading& reading, Mapping& file) {
    const auto version = file.require("version", "\"version: 1\"");
    if (version && !(version->IsScalar() && version->Scalar() == "1")) {
        reading.report(*version, describe(*version), "version 1, the only one that this build reads");
    }
}

}  // namespace lantern::settings
