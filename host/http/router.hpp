// Finds the route of a request. Routes are data of the settings; see host/core/settings.hpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/core/settings.hpp"
#include "host/http/target.hpp"

namespace lantern::http {

enum class AuthRoute { login, logout, refresh };

struct Match {
    // At most one of the four is set, and lives as long as the router.
    const CommandRoute* command = nullptr;
    const QueryRoute* query = nullptr;
    const AuthRoute* auth = nullptr;
    const IntakeSettings* intake = nullptr;
    std::vector<std::pair<std::string, std::string>> captured;  // {name}, segment
    // Nothing found: the methods that this path does take, joined for the Allow header; empty: no such path.
    std::string allowed;

    bool found() const { return command || query || auth || intake; }
    Access access() const;             // precondition: found
    const std::string& scope() const;  // precondition: found
    std::string id() const;            // the segment captured as {id}; empty: none
};

// Constant after construction; any thread.
class Router {
public:
    // `auth_path` is where login/, logout/ and refresh/ stand; empty: nowhere.
    // `intake`: where events are taken; nothing: nowhere.
    Router(std::vector<CommandRoute> commands, std::vector<QueryRoute> queries, const std::string& auth_path = {},
           std::optional<IntakeSettings> intake = std::nullopt);
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // HEAD is for every path that takes GET. Where several templates fit, a literal segment wins over {name}, from
    // the left.
    Match find(const std::string& asked, const std::vector<std::string>& segments) const;

private:
    struct Segment {
        std::string text;
        bool captures = false;
    };
    struct Template {
        std::vector<Segment> segments;
        std::string method;
        const CommandRoute* command = nullptr;
        const QueryRoute* query = nullptr;
        const AuthRoute* auth = nullptr;
        const IntakeSettings* intake = nullptr;

        bool fits(const std::vector<std::string>& path) const;
        bool goes_before(const Template& other) const;
    };

    static std::vector<Segment> parse(const std::string& path);

    const std::vector<CommandRoute> commands_;
    const std::vector<QueryRoute> queries_;
    const std::optional<IntakeSettings> intake_;
    std::vector<Template> templates_;
};

}  // namespace lantern::http
