// Who acts, for the admin log: LANTERN_OPERATOR, else "<user>@<host>", the user who called sudo rather than root.
#pragma once

#include <string>

namespace lantern::apps {

std::string operator_name();

}  // namespace lantern::apps
