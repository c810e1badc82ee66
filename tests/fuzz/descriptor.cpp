// Any text as a plugin's description: a description that agrees with itself, or problems in words.
#include <boost/json.hpp>
#include <cstdint>

#include "host/plugin_loading/description_parser.hpp"
#include "tests/fuzz/expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lantern;
    using fuzz::expect;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto description = plugin_loading::parse_description(text);
    if (!description) {
        expect(!description.error().empty(), "refused without a problem");
        for (const auto& problem : description.error())
            expect(!problem.empty() && (!fuzz::is_utf8(text) || fuzz::is_utf8(problem)),
                   "half a character: " + problem);
        return 0;
    }
    const auto& found = description.value();
    boost::system::error_code error;
    boost::json::parse(plugin_loading::description_json(found), error);
    expect(!error, "a description that is shown as no JSON");
    const auto conflict = plugin_loading::declaration_conflict(found, found.schema_version, found.declaration);
    expect(!conflict, "it conflicts with itself: " + conflict.value_or(""));
    return 0;
}
