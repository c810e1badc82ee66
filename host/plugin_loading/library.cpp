#include "host/plugin_loading/library.hpp"

#include <boost/json.hpp>
#include <cstddef>

#include "host/core/assert.hpp"
#include "host/plugin_loading/abi_table.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/description_parser.hpp"
#include "host/plugin_loading/host_services.hpp"
#include "host/plugin_loading/loaded_library.hpp"
#include "host/plugin_loading/objects.hpp"

namespace lantern::plugin_loading {
namespace {

bool is_json(std::string_view text) {
    boost::system::error_code code;
    boost::json::parse(boost::json::string_view(text.data(), text.size()), code);
    return !code;
}

class LoadedLibrary final : public Library {
public:
    LoadedLibrary(const lantern_plugin_v1* table, Description description)
        : table_(table), description_(std::move(description)) {}

    const Description& description() const override { return description_; }

    Result<std::unique_ptr<worker::Projection>> make_projection(const std::string& settings_json,
                                                                HostSide host) const override {
        auto object = make(PluginKind::projection, settings_json, std::move(host));
        if (!object) return failure(object.error());
        return projection_of({shared_from_this(), table_, object.value()});
    }

    Result<std::unique_ptr<worker::SideEffect>> make_side_effect(const std::string& settings_json,
                                                                 const HandlerName& handler,
                                                                 HostSide host) const override {
        auto object = make(PluginKind::side_effect, settings_json, std::move(host));
        if (!object) return failure(object.error());
        return side_effect_of({shared_from_this(), table_, object.value()}, handler);
    }

    // A plugin of a contract before 1.3 has none.
    bool has_check() const override {
        return description_.kind == PluginKind::projection &&
               table_->projection->size > offsetof(lantern_projection, check) && table_->projection->check;
    }

    Result<std::unique_ptr<Check>> make_check(const std::string& settings_json, HostSide host) const override {
        LANTERN_ASSERT(has_check(), "a check is made of a plugin that has one");
        auto object = make(PluginKind::projection, settings_json, std::move(host));
        if (!object) return failure(object.error());
        return check_of({shared_from_this(), table_, object.value()});
    }

    std::shared_ptr<const command::Aggregate> aggregate() const override {
        if (description_.kind != PluginKind::aggregate) return nullptr;
        return aggregate_of({shared_from_this(), table_, nullptr});
    }

    Result<std::string> upcast(const std::string& type, int version, const std::string& data) const override {
        if (description_.kind != PluginKind::schema) return failure(wrong_kind(PluginKind::schema));
        TextSink next;
        TextSink error;
        const lantern_sink next_sink = next.abi();
        const lantern_sink error_sink = error.abi();
        const auto failed = call_plugin(
            [&] { return table_->schema->upcast(borrow(type), version, borrow(data), &next_sink, &error_sink); });
        const std::string what = name() + ": upcasting " + type + " " + std::to_string(version) + " failed: ";
        if (failed != 0) {
            return failure(what + (error.text.empty() ? "no reason given" : message_text(error.text)));
        }
        if (next.overflowed || !is_json(next.text)) return failure(what + "the answer is no JSON");
        return boost::outcome_v2::success(std::move(next.text));
    }

private:
    std::string name() const { return description_.name + " " + description_.version; }
    std::string wrong_kind(PluginKind wanted) const {
        return refusal(description_.file,
                       description_.name + ", a plugin of kind " + std::string(kind_name(description_.kind)),
                       "one of kind " + std::string(kind_name(wanted)), "name another plugin in the routing file");
    }

    Result<void*> make(PluginKind kind, const std::string& settings_json, HostSide host) const {
        if (description_.kind != kind) return failure(wrong_kind(kind));
        services_->serve(std::move(host));
        auto object = create_object(*table_, services_->abi(), settings_json);
        if (!object) return failure(name() + ": create failed: " + object.error());
        return object;
    }

    const lantern_plugin_v1* const table_;
    const Description description_;
    // Every object keeps the library, hence these: a plugin's threads end in destroy at the latest.
    const std::unique_ptr<HostServices> services_ = std::make_unique<HostServices>();
};

}  // namespace

Result<std::shared_ptr<const Library>> open_copy(const PluginFile& file) {
    const auto table = load_table(file);
    if (!table) return failure(table.error());
    auto text = described_text(*table.value(), file);
    if (!text) return failure(text.error());
    auto description = checked_description(*table.value(), file, text.value());
    if (!description) return failure(description.error());
    return std::make_shared<const LoadedLibrary>(table.value(), std::move(description.value()));
}

Result<std::shared_ptr<const Library>> Library::open(const std::filesystem::path& file,
                                                     const OpenOptions& options) {
    if (auto good = prepare_copies(options.copies); !good) return failure(good.error());
    const auto taken = take_copy(file, options.copies);
    if (!taken) return failure(taken.error());
    return open_copy(taken.value());
}

}  // namespace lantern::plugin_loading
