// The hosts that share a store, as rows: which routing each follows, how its own routing file stands to that, and
// what it cannot do. One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <string>
#include <vector>

#include "host/postgres/connection.hpp"

namespace lantern::postgres {

// What one host says of itself. Its file is judged when it changed: applied, found to differ from the routing in
// force, or refused. It counts as edited once it is another than the one that was judged last.
struct HostNote {
    struct Problem {
        std::string about;  // a handler, a plugin's file, "routing"
        std::string text;
        bool operator==(const Problem&) const = default;
    };
    enum class File { in_force, differs, refused };

    std::string host, routing_file;
    std::vector<std::string> roles{};
    std::vector<std::string> builds{};  // of plugins that it can open; those that nobody asks for need not be there
    Uuid run;
    int pid = 0;
    std::int64_t revision = 0;   // that it follows; 0: none yet
    std::string file_hash;       // of the file that was judged
    std::int64_t file_base = 0;  // the revision in force then
    File file = File::in_force;
    std::vector<Problem> problems;
    Timestamp started_at{}, seen_at{};
};

std::string file_state(HostNote::File file);  // "in force", "differs", "refused"

class Hosts {
public:
    explicit Hosts(const std::string& url);

    // The file as this host judged it last, in an earlier run too; nothing: never.
    struct Judged {
        std::string file_hash;
        std::int64_t file_base = 0;
    };
    std::optional<Judged> judged(const std::string& host, const std::string& routing_file);
    void note(const HostNote& note);
    std::vector<HostNote> seen_within(Milliseconds time);

private:
    Connection connection_;
};

}  // namespace lantern::postgres
