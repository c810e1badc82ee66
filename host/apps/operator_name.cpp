#include "host/apps/operator_name.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace lantern::apps {

std::string operator_name() {
    if (const char* named = std::getenv("LANTERN_OPERATOR"); named != nullptr && *named != '\0') return named;
    std::string user = std::to_string(getuid());
    if (const char* caller = std::getenv("SUDO_USER"); caller != nullptr && *caller != '\0') {
        user = caller;
    } else if (const passwd* entry = getpwuid(getuid()); entry != nullptr) {
        user = entry->pw_name;
    }
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    return user + "@" + host;
}

}  // namespace lantern::apps
