#include "host/plugin_loading/abi_table.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <boost/dll/shared_library_load_mode.hpp>

#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/description_parser.hpp"

namespace lantern::plugin_loading {
namespace {

constexpr const char* kSymbol = "lantern_plugin";

std::string version_text(std::uint32_t major, std::uint32_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

std::string host_version() {
    return version_text(LANTERN_ABI_MAJOR, LANTERN_ABI_MINOR);
}

// What the dynamic loader said, without Boost's wrapping and the name of the copy.
std::string loader_message(const std::string& wrapped, const PluginFile& file) {
    const std::string before = "(dlerror system message: ";
    const auto at = wrapped.find(before);
    std::string text = at == std::string::npos ? wrapped : wrapped.substr(at + before.size());
    if (at != std::string::npos) text = text.substr(0, text.rfind(')'));
    const std::string copy = file.copy.string() + ": ";
    if (const auto name = text.find(copy); name != std::string::npos) text.erase(name, copy.size());
    return message_text(text);
}

Result<void> check_versions(const lantern_plugin_v1& table, const PluginFile& file) {
    if (table.abi_major != LANTERN_ABI_MAJOR) {
        return failure(
            refusal(file.file, "plugin contract " + version_text(table.abi_major, table.abi_minor),
                    "contract " + host_version() + " (the major version must be equal)",
                    "build the plugin with the SDK of this Lantern, or run the Lantern it was built for"));
    }
    if (table.abi_minor > LANTERN_ABI_MINOR) {
        return failure(
            refusal(file.file, "plugin contract " + version_text(table.abi_major, table.abi_minor),
                    "at most " + host_version() + " (this Lantern does not know the newer minor version)",
                    "update Lantern, or build the plugin with the SDK of this one"));
    }
    return boost::outcome_v2::success();
}

template <class Part>
bool whole(const Part* part) {
    return part != nullptr && part->size >= sizeof(Part);
}

// The name of a function that the kind needs and the table lacks; empty when all are there.
std::string missing_part(const lantern_plugin_v1& table) {
    switch (table.kind) {
        case LANTERN_KIND_AGGREGATE: {
            const auto* part = table.aggregate;
            if (!part || part->size < offsetof(lantern_aggregate, lookup_key)) return "aggregate";  // as of 1.0
            if (!part->state_new || !part->state_free) return "aggregate.state_new or state_free";
            if (!part->evolve || !part->decide) return "aggregate.evolve or decide";
            if (!part->state_save || !part->state_load) return "aggregate.state_save or state_load";
            return {};
        }
        case LANTERN_KIND_SCHEMA:
            if (!whole(table.schema)) return "schema";
            return table.schema->upcast ? "" : "schema.upcast";
        case LANTERN_KIND_PROJECTION:
            if (!table.projection || table.projection->size < offsetof(lantern_projection, check))
                return "projection";  // as of 1.0
            if (!table.create || !table.destroy) return "create or destroy";
            return table.projection->handle ? "" : "projection.handle";
        case LANTERN_KIND_SIDE_EFFECT:
            if (!whole(table.side_effect)) return "side_effect";
            if (!table.create || !table.destroy) return "create or destroy";
            return table.side_effect->act ? "" : "side_effect.act";
        default:
            return "a known kind";
    }
}

std::string kind_of_table(std::int32_t kind) {
    switch (kind) {
        case LANTERN_KIND_AGGREGATE:
            return "aggregate";
        case LANTERN_KIND_SCHEMA:
            return "schema";
        case LANTERN_KIND_PROJECTION:
            return "projection";
        case LANTERN_KIND_SIDE_EFFECT:
            return "side_effect";
        default:
            return "unknown kind " + std::to_string(kind);
    }
}

}  // namespace

Result<const lantern_plugin_v1*> load_table(const PluginFile& file) {
    namespace dll = boost::dll;
    // NODELETE: threads, thread-local objects and atexit handlers of a plugin may outlive every handle to it.
    const auto mode = static_cast<dll::load_mode::type>(int{dll::load_mode::rtld_now} |
                                                        int{dll::load_mode::rtld_local} | RTLD_NODELETE);
    dll::shared_library library;
    try {
        library.load(file.copy.string(), mode);
    } catch (const boost::dll::fs::system_error& error) {
        return failure(
            refusal(file.file, "a library that cannot be loaded (" + loader_message(error.what(), file) + ")",
                    "one whose libraries and symbols are all found",
                    "link the plugin with all it uses (-Wl,-z,defs shows what is missing at build time), "
                    "and install the libraries it needs"));
    }
    if (!library.has(kSymbol)) {
        return failure(
            refusal(file.file, std::string("no symbol ") + kSymbol, std::string("the exported symbol ") + kSymbol,
                    "write LANTERN_PLUGIN(...) in one source file of the plugin, or move the file out of the "
                    "plugin directory if it is none"));
    }
    const auto& table = library.get<const lantern_plugin_v1>(kSymbol);
    if (table.size < offsetof(lantern_plugin_v1, kind)) {
        return failure(
            refusal(file.file, std::string("a ") + kSymbol + " of " + std::to_string(table.size) + " bytes",
                    std::to_string(sizeof table) + " bytes", "set its member `size` to sizeof(lantern_plugin_v1)"));
    }
    if (auto good = check_versions(table, file); !good) return failure(good.error());
    if (table.size < sizeof table || table.describe == nullptr) {
        return failure(refusal(file.file,
                               std::string("a ") + kSymbol + " of " + std::to_string(table.size) + " bytes" +
                                   (table.size < sizeof table ? "" : " without describe"),
                               std::to_string(sizeof table) + " bytes with describe",
                               "build the plugin with the SDK of this Lantern"));
    }
    if (const std::string missing = missing_part(table); !missing.empty()) {
        return failure(refusal(file.file, "a table of kind " + kind_of_table(table.kind) + " without " + missing,
                               "all functions of its kind", "fill in the table as abi.h says"));
    }
    return &table;
}

Result<std::string> described_text(const lantern_plugin_v1& table, const PluginFile& file) {
    const std::string text(view(call_plugin([&] { return table.describe(); })));
    if (text != view(call_plugin([&] { return table.describe(); }))) {
        return failure(refusal(file.file, "two different answers of describe()", "the same text each time",
                               "return static text"));
    }
    return boost::outcome_v2::success(text);
}

Result<Description> parsed_description(const std::filesystem::path& file, const std::string& build,
                                       const std::string& text) {
    auto parsed = parse_description(text);
    if (!parsed) {
        std::string problems;
        for (const auto& problem : parsed.error()) problems += "\n  - " + message_text(problem);
        return failure(refusal(file, "a description with " + std::to_string(parsed.error().size()) + " problem(s)",
                               "a description as docs/descriptor.md tells it", "mend these:" + problems));
    }
    Description description = std::move(parsed.value());
    description.file = file.string();
    description.build = build;
    return description;
}

Result<Description> checked_description(const lantern_plugin_v1& table, const PluginFile& file,
                                        const std::string& text) {
    auto description = parsed_description(file.file, file.build, text);
    if (!description) return description;
    const std::string described(kind_name(description.value().kind));
    if (described != kind_of_table(table.kind)) {
        return failure(
            refusal(file.file,
                    "kind " + described + " in the description and " + kind_of_table(table.kind) + " in the table",
                    "one kind in both", "mend the description"));
    }
    return description;
}

Result<void*> create_object(const lantern_plugin_v1& table, const lantern_host* host, const std::string& settings) {
    TextSink error;
    const lantern_sink sink = error.abi();
    void* object = nullptr;
    const auto failed = call_plugin([&] { return table.create(host, borrow(settings), &object, &sink); });
    if (failed != 0) {
        return failure(error.text.empty() ? "create failed without a reason" : message_text(error.text));
    }
    return object;
}

}  // namespace lantern::plugin_loading
