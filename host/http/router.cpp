#include "host/http/router.hpp"

#include <algorithm>

namespace lantern::http {

std::string Match::id() const {
    for (const auto& [name, segment] : captured)
        if (name == "id") return segment;
    return {};
}

Access Match::access() const {
    if (auth) return *auth == AuthRoute::login ? Access::anyone : Access::scope;
    if (intake) return Access::scope;
    return command ? command->access : query->access;
}

const std::string& Match::scope() const {
    static const std::string kNone;
    if (auth) return kNone;
    if (intake) return intake->scope;
    return command ? command->scope : query->scope;
}

Router::Router(std::vector<CommandRoute> commands, std::vector<QueryRoute> queries, const std::string& auth_path,
               std::optional<IntakeSettings> intake)
    : commands_(std::move(commands)), queries_(std::move(queries)), intake_(std::move(intake)) {
    static constexpr AuthRoute kAuth[] = {AuthRoute::login, AuthRoute::logout, AuthRoute::refresh};
    static constexpr const char* kAuthNames[] = {"login/", "logout/", "refresh/"};
    for (const auto& route : commands_)
        templates_.push_back({parse(route.path), route.method, &route, nullptr, nullptr});
    for (const auto& route : queries_) templates_.push_back({parse(route.path), "GET", nullptr, &route, nullptr});
    for (std::size_t n = 0; n < std::size(kAuth) && !auth_path.empty(); ++n)
        templates_.push_back({parse(auth_path + kAuthNames[n]), "POST", nullptr, nullptr, &kAuth[n]});
    if (intake_ && !intake_->path.empty()) {
        templates_.push_back({parse(intake_->path), "POST"});
        templates_.back().intake = &*intake_;
    }
    std::stable_sort(templates_.begin(), templates_.end(),
                     [](const Template& a, const Template& b) { return a.goes_before(b); });
}

Match Router::find(const std::string& asked, const std::vector<std::string>& segments) const {
    const std::string method = asked == "HEAD" ? "GET" : asked;
    Match match;
    for (const auto& candidate : templates_) {
        if (!candidate.fits(segments)) continue;
        if (candidate.method != method) {
            if (match.allowed.find(candidate.method) == std::string::npos)
                match.allowed += candidate.method + (candidate.method == "GET" ? ", HEAD, " : ", ");
            continue;
        }
        match.command = candidate.command;
        match.query = candidate.query;
        match.auth = candidate.auth;
        match.intake = candidate.intake;
        for (std::size_t n = 0; n < segments.size(); ++n)
            if (candidate.segments[n].captures)
                match.captured.emplace_back(candidate.segments[n].text, segments[n]);
        match.allowed.clear();
        return match;
    }
    if (!match.allowed.empty()) match.allowed += "OPTIONS";
    return match;
}

bool Router::Template::fits(const std::vector<std::string>& path) const {
    return segments.size() == path.size() && std::equal(segments.begin(), segments.end(), path.begin(),
                                                        [](const Segment& own, const std::string& sent) {
                                                            return own.captures ? !sent.empty() : own.text == sent;
                                                        });
}

bool Router::Template::goes_before(const Template& other) const {
    return std::lexicographical_compare(
        segments.begin(), segments.end(), other.segments.begin(), other.segments.end(),
        [](const Segment& one, const Segment& another) { return !one.captures && another.captures; });
}

std::vector<Router::Segment> Router::parse(const std::string& path) {
    std::vector<Segment> segments;
    std::size_t at = 0;
    while (at < path.size()) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto text = path.substr(at, end - at);
        if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
            segments.push_back({text.substr(1, text.size() - 2), true});
        } else if (!text.empty()) {
            segments.push_back({text, false});
        }
        at = end + 1;
    }
    return segments;
}

}  // namespace lantern::http
