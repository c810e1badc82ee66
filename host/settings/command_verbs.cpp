#include "host/settings/command_verbs.hpp"

#include <algorithm>

#include "host/settings/mapping.hpp"
#include "host/settings/names.hpp"

namespace lantern::settings {
namespace {

bool is_verb(const std::string& name) {
    const bool sound = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ' ';
    });
    return sound && !name.empty() && name.front() >= 'a' && name.back() != ' ' &&
           name.find("  ") == std::string::npos && name.find(" -") == std::string::npos;
}

CommandVerb read_verb(Reading& reading, const YAML::Node& name, const YAML::Node& node) {
    CommandVerb verb;
    verb.name = name.Scalar();
    if (!is_verb(verb.name))
        reading.report(name, "the verb " + in_quotes(verb.name), "words of a-z, 0-9 and -, with a space between");
    Mapping keys(reading, node, "the verb " + in_quotes(verb.name));
    keys.text("about", verb.about);
    for (auto [key, into] : {std::pair{"aggregate", &verb.aggregate}, std::pair{"command", &verb.command}}) {
        keys.text(key, *into);
        if (const auto refusal = refuse_name(*into); !refusal.empty())
            reading.report(keys.place(key), std::string(key) + " " + in_quotes(*into), refusal);
    }
    if (const auto data = keys.take("data")) {
        if (data->IsMap())
            verb.data = reading.json(*data);
        else
            reading.report(*data, describe(*data), "a mapping (data)");
    }
    keys.texts("options", verb.options);
    keys.texts("scopes", verb.scopes);
    keys.text("secret", verb.secret);
    keys.text("key", verb.key);
    keys.refuse_unknown();
    if (!verb.key.empty() && std::find(verb.options.begin(), verb.options.end(), verb.key) == verb.options.end())
        reading.report(keys.place("key"), "key " + in_quotes(verb.key), "one of the options");
    return verb;
}

}  // namespace

void read_verbs(Reading& reading, const YAML::Node& node, std::vector<CommandVerb>& verbs) {
    Mapping names(reading, node, "verbs");
    for (const auto& [name, verb] : names.entries()) verbs.push_back(read_verb(reading, name, verb));
}

}  // namespace lantern::settings
