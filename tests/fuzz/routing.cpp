// Any text as routing.yaml: either a routing that holds what it promises, or problems that name a place in the
// text.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <set>

#include "host/settings/routing_file.hpp"
#include "tests/fuzz/expect.hpp"

namespace lantern::fuzz {
namespace {

std::optional<std::string> environment(const std::string& name) {
    return name.starts_with("A") ? std::optional<std::string>("from outside") : std::nullopt;
}

void sound(const Routing& routing) {
    std::set<std::string> names;
    for (const auto& handler : routing.handlers) {
        expect(names.insert(handler.name.value).second, "a handler twice: " + handler.name.value);
        expect(!handler.event_types.empty(), "a handler without events: " + handler.name.value);
        expect(std::is_sorted(handler.event_types.begin(), handler.event_types.end()), "types that are not sorted");
        expect(
            handler.concurrency >= 1 && handler.concurrency <= handler.partitions && handler.partitions <= kBuckets,
            "concurrency " + std::to_string(handler.concurrency) + " of " + std::to_string(handler.partitions));
        boost::system::error_code error;
        const auto settings = boost::json::parse(handler.settings, error);
        expect(!error && settings.is_object(), "settings that are no JSON object: " + handler.settings);
    }
}

void named(const settings::Problems& problems, const std::string& text) {
    expect(!problems.empty(), "refused without a problem");
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    for (const auto& problem : problems) {
        expect(problem.line >= 0 && problem.line <= lines + 1, "line " + std::to_string(problem.line));
        expect(!problem.found.empty() && !problem.expected.empty(), "a problem without words");
        expect(is_utf8(problem.text()), "half a character: " + problem.text());
    }
}

}  // namespace
}  // namespace lantern::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lantern;
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (text.find("file") != std::string::npos) return 0;  // {file: …} would read this machine's files
    const auto routing = settings::parse_routing(text, "routing.yaml", fuzz::environment);
    if (routing) {
        fuzz::sound(routing.value());
        fuzz::expect(routing.value().text == text, "another text");
        if (!routing.value().handlers.empty())
            settings::problem_at(text, "routing.yaml",
                                 {routing.value().handlers.front().name.value, "", "settings"});
    } else {
        fuzz::named(routing.error(), text);
    }
    return 0;
}
