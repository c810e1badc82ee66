#include "host/apps/serve/served_schemas.hpp"

#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

std::string field_of(const std::string& pointer) {
    std::string field;
    for (std::size_t at = 1; at < pointer.size(); ++at) {
        if (pointer[at] == '/') {
            field += '.';
        } else if (pointer[at] == '~' && at + 1 < pointer.size()) {
            field += pointer[++at] == '1' ? '/' : '~';
        } else {
            field += pointer[at];
        }
    }
    return field;
}

}  // namespace

Result<ServedSchemas, std::vector<std::string>> read_schemas(const Settings& settings) {
    auto events = schemas::EventSchemas::load(settings.schema_directory);
    auto requests = schemas::RequestSchemas::load(settings.http.commands);
    if (events && requests) return ServedSchemas{std::move(events.value()), std::move(requests.value())};
    std::vector<std::string> problems;
    if (!events) problems = events.error();
    if (!requests) problems.insert(problems.end(), requests.error().begin(), requests.error().end());
    return failure(std::move(problems));
}

ServedSchemas load_schemas(const Settings& settings) {
    auto loaded = read_schemas(settings);
    if (loaded) return std::move(loaded.value());
    std::string problems;
    for (const auto& problem : loaded.error()) problems += "\n  " + problem;
    throw Fault(FaultKind::configuration, "schemas", "cannot be used:" + problems);
}

std::vector<command::Rejection> rejections_of(const std::vector<schemas::Violation>& violations) {
    std::vector<command::Rejection> rejections;
    for (const auto& violation : violations) {
        const auto field = field_of(violation.pointer);
        rejections.push_back({command::RejectionKind::invalid,
                              "valid_" + (field.empty() ? "data" : field.substr(0, field.find('.'))), field,
                              violation.message, violation.pointer});
    }
    return rejections;
}

}  // namespace lantern::apps
