#include "host/http/documents.hpp"

#include <algorithm>

#include "host/http/guarded.hpp"

namespace lantern::http {
namespace {

// Nothing comes from elsewhere, and nobody may put the page into a frame. swagger-ui writes style attributes.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// The same bytes have the same tag, in every process of a build.
std::string tag_of(std::string_view body) {
    return '"' + std::to_string(std::hash<std::string_view>{}(body)) + '"';
}

// A cache asks each time whether its copy is still the one: 304 costs nothing, and a new build shows at once.
void answer_with_tag(Exchange& exchange, std::string_view body, const std::string& content_type,
                     std::vector<Header> headers) {
    const auto tag = tag_of(body);
    headers.push_back({"ETag", tag});
    headers.push_back({"Cache-Control", "no-cache"});
    if (if_none_match(exchange.request, tag)) return exchange.answer({304, "", "", std::move(headers)});
    exchange.answer({200, std::string(body), content_type, std::move(headers)});
}

}  // namespace

bool Documents::handle(const ExchangePtr& exchange) const {
    const auto& segments = exchange->target.segments;
    if (!world_.description || segments.empty() || segments.size() > 2) return false;
    const bool description = segments.size() == 1 && segments[0] == "openapi.json";
    if (!description && segments[0] != "docs") return false;
    const auto& method = exchange->request.method;
    if (method != "GET" && method != "HEAD") {
        exchange->refuse({405, "method-not-allowed", "Not this method", "This path takes GET, HEAD.", "", "", {}},
                         {{"Allow", "GET, HEAD"}});
    } else if (description) {
        describe(exchange);
    } else if (segments.size() == 2) {
        show(*exchange, segments[1]);
    } else if (exchange->target.path.back() == '/') {
        show(*exchange, "index.html");
    } else {
        exchange->answer({308, "", "", {{"Location", "docs/"}}});
    }
    return true;
}

void Documents::describe(const ExchangePtr& exchange) const {
    workers_.run(guarded(exchange, [this, exchange](Session& session) {
        answer_with_tag(*exchange, world_.description(session.reads()), "application/json", {});
    }));
}

void Documents::show(Exchange& exchange, const std::string& name) const {
    const auto page =
        std::find_if(world_.pages.begin(), world_.pages.end(), [&](const Page& of) { return of.name == name; });
    if (page == world_.pages.end()) return exchange.refuse_absent("There is no such page.");
    answer_with_tag(exchange, page->body, page->content_type,
                    {{"Content-Security-Policy", kPagePolicy},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"}});
}

}  // namespace lantern::http
