// lantern explain stream user/<id>, lantern explain event <id>: where it stands in each handler, why, and who works
// there.
#include "host/apps/operate/explain_shown.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"

namespace lantern::apps {
namespace {

struct Words {
    std::string subject, format = "text";
};

[[noreturn]] void refuse(const std::string& why) {
    throw Fault(FaultKind::configuration, "explain", why);
}

int explain(const Instance& at, const Words& words, About about) {
    postgres::Explain store(at.settings().postgres_url);
    std::optional<postgres::ExplainedEvent> event;
    if (about == About::stream) {
        if (words.subject.find('/') == std::string::npos)
            refuse("\"" + words.subject + "\" names no stream; expected <aggregate type>/<id>, e.g. user/<id>");
        event = store.newest_of(words.subject);
        if (!event) refuse("there is no stream " + words.subject);
    } else {
        const auto id = Uuid::parse(words.subject);
        if (!id) refuse("\"" + words.subject + "\" is no event id; expected a UUID");
        event = store.event(*id);
        if (!event) refuse("there is no event " + words.subject);
    }
    const auto handlers =
        store.handlers(event->stream, about == About::event ? std::optional(event->revision) : std::nullopt);
    if (words.format == "json")
        print_explained_json(about, *event, handlers);
    else
        print_explained(about, *event, handlers);
    return 0;
}

void add_one(Verbs& verbs, CLI::App& group, About about) {
    const auto words = std::make_shared<Words>();
    const bool stream = about == About::stream;
    auto& verb = verbs.add_to(group, stream ? "stream" : "event",
                              stream ? "a stream: what of it is applied, waits or failed, in each handler"
                                     : "an event: whether each handler applied it, and why not",
                              [words, about](const Instance& at) { return explain(at, *words, about); });
    verb.add_option(stream ? "stream" : "event", words->subject, stream ? "e.g. user/<id>" : "its id")->required();
    verb.add_option("-o,--output", words->format, "text or json")->check(CLI::IsMember({"text", "json"}));
}

}  // namespace

void add_explain(Verbs& verbs) {
    auto& group = verbs.add_group("explain", "say where a stream or an event stands in each handler, and why");
    add_one(verbs, group, About::stream);
    add_one(verbs, group, About::event);
}

}  // namespace lantern::apps
