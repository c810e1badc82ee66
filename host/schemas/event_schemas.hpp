// The JSON Schemas of event types, files <TYPE>.<version>.json of one directory. They say what an event from
// outside must look like, and what of any event may be shown: properties marked "x-secret": true never are. An
// event without a schema is shown without its data.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/core/result.hpp"
#include "host/schemas/validation.hpp"

namespace lantern::schemas {

// Immutable after load; any thread.
class EventSchemas {
public:
    // All problems of all files at once, each naming its file. A directory that does not exist is one.
    static Result<EventSchemas, std::vector<std::string>> load(const std::filesystem::path& directory);

    EventSchemas();  // knows no type
    EventSchemas(EventSchemas&&) noexcept;
    EventSchemas& operator=(EventSchemas&&) noexcept;
    ~EventSchemas();

    bool knows(const std::string& type, int version) const;
    // All of them as JSON text, by type and version.
    std::map<std::pair<std::string, int>, std::string> texts() const;
    // Empty: `data` (JSON text) fits, or there is no schema; ask knows(). What was shown once, as in an export, has
    // no secrets any more: there they may lack.
    enum class Secrets { required, may_lack };
    std::vector<Violation> check(const std::string& type, int version, std::string_view data,
                                 Secrets secrets = Secrets::required) const;
    // `data` (JSON text) without what must not be shown: x-secret properties, and those that its schema does not
    // describe, unless it allows additional ones. "null" without a schema, or when data does not parse.
    std::string shown(const std::string& type, int version, std::string_view data) const;
    // The same, with placeholders for the secrets that the schema requires, so that it fits.
    std::string with_placeholders(const std::string& type, int version, std::string_view data) const;

private:
    struct Known;
    std::map<std::pair<std::string, int>, std::unique_ptr<Known>> known_;
};

}  // namespace lantern::schemas
