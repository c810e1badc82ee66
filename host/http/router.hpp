// Finds the route of a request. Routes are data of the settings; see host/core/settings.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/core/settings.hpp"
#include "host/http/target.hpp"

namespace lantern::http {

enum class AuthRoute { login, logout, refresh };

struct Match {
    // At most one of the three is set, and lives as long as the router.
    const CommandRoute* command = nullptr;
    const QueryRoute* query = nullptr;
    const AuthRoute* auth = nullptr;
    std::vector<std::pair<std::string, std::string>> captured;  // {name}, segment
    // Nothing found: the methods that this path does take, joined for the Allow header; empty: no such path.
    std::string allowed;

    bool found() const { return command || query || auth; }
    Access access() const;             // precondition: found
    const std::string& scope() const;  // precondition: found
    std::string id() const;            // the segment captured as {id}; empty: none
};

// Constant after construction; any thread.
class Router {
public:
    // `auth_path` is where login/, logout/ and refresh/ stand; empty: nowhere.
    Router(std::vector<CommandRoute> commands, std::vector<QueryRoute> queries, const std::string& auth_path = {});
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Where several templates fit, a literal segment wins over {name}, from the left.
    Match find(const std::string& method, const std::vector<std::string>& segments) const;

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

        bool fits(const std::vector<std::string>& path) const;
        bool goes_before(const Template& other) const;
    };

    static std::vector<Segment> parse(const std::string& path);

    const std::vector<CommandRoute> commands_;
    const std::vector<QueryRoute> queries_;
    std::vector<Template> templates_;
};

}  // namespace lantern::http
