// Verbs that are commands of an aggregate, named by the settings: `lantern users create-admin --username root ...`.
#pragma once

#include <optional>

namespace lantern::apps {

// The exit code, when the words before the first option name such a verb; nothing: they do not.
std::optional<int> run_command_verb(int argc, char** argv);

}  // namespace lantern::apps
