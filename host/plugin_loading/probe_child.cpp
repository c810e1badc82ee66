// The child's side of the probe; the wire is told in probe.hpp.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <memory>

#include "host/plugin_loading/abi_table.hpp"
#include "host/plugin_loading/host_services.hpp"
#include "host/plugin_loading/loaded_library.hpp"
#include "host/plugin_loading/objects.hpp"
#include "host/plugin_loading/probe.hpp"
#include "host/plugin_loading/probe_wire.hpp"

namespace lantern::plugin_loading {
namespace {

namespace json = boost::json;

void put_line(int out, const std::string& line) {
    const std::string whole = line + "\n";
    std::string_view rest = whole;
    while (!rest.empty()) {
        const ssize_t put = ::write(out, rest.data(), rest.size());
        if (put <= 0) ::_exit(1);
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

struct Request {
    PluginFile file;
    std::optional<std::string> settings;
};

Result<Request> read_request() {
    const auto text = read_whole("/dev/stdin");
    if (!text) return failure(text.error());
    boost::system::error_code code;
    const auto value = json::parse(text.value(), code);
    const auto* object = value.if_object();
    const auto member = [&](const char* name) -> const json::string* {
        const auto* found = object ? object->if_contains(name) : nullptr;
        return found ? found->if_string() : nullptr;
    };
    const auto* file = member("file");
    const auto* copy = member("copy");
    const auto* build = member("build");
    if (!file || !copy || !build) {
        return failure(
            "`plugin probe` is a part of the plugin check and asked by Lantern itself; use `lantern plugin "
            "check FILE`");
    }
    Request request{{std::string(*file), std::string(*copy), std::string(*build)}, std::nullopt};
    if (const auto* settings = member("settings")) request.settings = std::string(*settings);
    return request;
}

// Settings to try: those given, else {} unless the schema demands members.
std::optional<std::string> settings_to_try(const Request& request, const Description& description) {
    if (request.settings) return request.settings;
    boost::system::error_code code;
    const auto schema = json::parse(description.settings_schema, code);
    const auto* required = schema.is_object() ? schema.get_object().if_contains("required") : nullptr;
    if (required && required->is_array() && !required->get_array().empty()) return std::nullopt;
    return "{}";
}

Result<void> test_object(const lantern_plugin_v1& table, const Request& request, const Description& description,
                         const Stage& stage) {
    const auto settings = settings_to_try(request, description);
    if (!settings) return boost::outcome_v2::success();
    HostServices services;
    stage("create");
    const auto object = create_object(table, services.abi(), *settings);
    if (!object) {
        return failure(refusal(request.file.file,
                               "that create failed with " + std::string(request.settings ? "its" : "the default") +
                                   " settings (" + object.error() + ")",
                               "an object of the plugin",
                               request.settings ? "mend the handler's settings in the routing file"
                                                : "mend create, or name the settings it cannot do without as "
                                                  "`required` in its settings schema"));
    }
    stage("destroy");
    table.destroy(object.value());
    return boost::outcome_v2::success();
}

// The state before any event, saved, loaded and saved again.
Result<void> test_state(const std::shared_ptr<const Library>& library, const lantern_plugin_v1& table,
                        const Request& request, const Stage& stage) {
    stage("state_new, state_save and state_load");
    const auto aggregate = aggregate_of({library, &table, nullptr});
    const auto first = aggregate->state();
    const auto second = aggregate->state();
    const auto broken = [&](const std::string& found) {
        return failure(refusal(request.file.file, found, "a state that can be saved and loaded", "mend the state"));
    };
    const auto saved = first->save();
    if (!saved) return broken(saved.error());
    if (const auto loaded = second->load(saved.value()); !loaded) return broken(loaded.error());
    const auto again = second->save();
    if (!again) return broken(again.error());
    if (again.value() != saved.value()) {
        return broken("a state saved as " + saved.value() + " that after loading is saved as " + again.value());
    }
    if (const auto keys = first->unique_keys(); !keys) return broken(keys.error());
    return boost::outcome_v2::success();
}

// The raw description of a library that passed.
Result<std::string> run_probe(const Request& request, const Stage& stage) {
    stage("loading");
    const auto table = load_table(request.file);
    if (!table) return failure(table.error());
    stage("describe");
    auto text = described_text(*table.value(), request.file);
    if (!text) return text;
    const auto description = checked_description(*table.value(), request.file, text.value());
    if (!description) return failure(description.error());
    switch (description.value().kind) {
        case PluginKind::projection:
        case PluginKind::side_effect:
            if (auto good = test_object(*table.value(), request, description.value(), stage); !good) {
                return failure(good.error());
            }
            break;
        case PluginKind::aggregate: {
            const auto library = open_copy(request.file);
            if (!library) return failure(library.error());
            if (auto good = test_state(library.value(), *table.value(), request, stage); !good) {
                return failure(good.error());
            }
            break;
        }
        case PluginKind::schema:
            break;
    }
    return text;
}

}  // namespace

int answer_probe() {
    // 1. Die with the parent, leave no core file, and keep what the library prints out of the answer.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const int out = ::dup(STDOUT_FILENO);
    if (out < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
    // 2. Run the library's code, telling each step beforehand.
    const auto request = read_request();
    const auto answer =
        request
            ? run_probe(request.value(),
                        [&](std::string_view name) { put_line(out, std::string(kStageWord) + std::string(name)); })
            : Result<std::string>(failure(request.error()));
    // 3. Answer, and go without running destructors of the library.
    put_line(out, answer ? std::string(kOkWord) + json::serialize(json::string(answer.value()))
                         : std::string(kRefusedWord) + json::serialize(json::string(answer.error())));
    ::_exit(0);
}

}  // namespace lantern::plugin_loading
