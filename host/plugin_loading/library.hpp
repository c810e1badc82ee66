// A plugin's shared library, loaded and checked. Opening it runs its code in this process: files that nobody has
// probed yet go through Directory (or probe()) first.
//
// What is made from a library keeps it alive, and the library itself is never unmapped: code, state and text of a
// plugin stay valid to the end of the process, as the contract promises.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/command/ports.hpp"
#include "host/core/description.hpp"
#include "host/core/result.hpp"
#include "host/plugin_loading/check.hpp"
#include "host/worker/ports.hpp"

namespace lantern::plugin_loading {

enum class LogLevel { debug, info, warn, error };

// Takes the log lines of a plugin, on whichever thread it logs from.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;
// Until the soft deadline of the call in hand, negative past it. On the thread that makes the call.
using TimeLeft = std::function<std::chrono::microseconds()>;

// What a host does for the objects that it makes.
struct HostSide {
    LogSink log;
    TimeLeft time_left = nullptr;  // none: without a deadline
};

struct OpenOptions {
    std::filesystem::path copies;  // where private copies live; made (mode 0700) when missing
};

class Library : public std::enable_shared_from_this<Library> {
public:
    virtual ~Library() = default;

    // Checks ownership and permissions, makes the private copy, loads it, checks version and description. The
    // refusal names the file, what was found, what was expected, and the remedy.
    static Result<std::shared_ptr<const Library>> open(const std::filesystem::path& file,
                                                       const OpenOptions& options);

    virtual const Description& description() const = 0;

    // Objects of the kind; settings are a JSON object, already checked against the settings schema. Refused: the
    // plugin's own reason, or that it is of another kind. All of the library's objects are served by the newest
    // side.
    virtual Result<std::unique_ptr<worker::Projection>> make_projection(const std::string& settings_json,
                                                                        HostSide host) const = 0;
    virtual Result<std::unique_ptr<worker::SideEffect>> make_side_effect(const std::string& settings_json,
                                                                         const HandlerName& handler,
                                                                         HostSide host) const = 0;

    // Whether a projection can say that its rows were changed from outside. Without: no check can be made.
    virtual bool has_check() const = 0;
    virtual Result<std::unique_ptr<Check>> make_check(const std::string& settings_json, HostSide host) const = 0;

    // nullptr when it is of another kind.
    virtual std::shared_ptr<const command::Aggregate> aggregate() const = 0;

    // Data of `version` to data of version + 1, by a schema plugin.  [any thread]
    virtual Result<std::string> upcast(const std::string& type, int version, const std::string& data) const = 0;
};

}  // namespace lantern::plugin_loading
