// Brings a database to this build's shape. Safe to run twice, and by several processes at once.
#pragma once

#include <string>
#include <vector>

namespace lantern::postgres {

// Applies the migrations that are missing, one transaction each, under an advisory lock, and the functions when
// they changed. Returns the names of what was applied. Throws Fault; of kind configuration when an applied
// migration is no longer the one in this build, or the database is newer than this build.
std::vector<std::string> migrate(const std::string& url);

// Whether migrate() would have nothing to do.
bool migrated(const std::string& url);

}  // namespace lantern::postgres
