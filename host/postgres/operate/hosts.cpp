#include "host/postgres/operate/hosts.hpp"

#include <array>
#include <sstream>

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kNote = statement("host_note");
const Statement kKnown = statement("host_known");
const Statement kHosts = statement("hosts");

constexpr std::array kFiles{HostNote::File::in_force, HostNote::File::differs, HostNote::File::refused};

HostNote::File file_of(std::string_view state) {
    for (const auto file : kFiles)
        if (file_state(file) == state) return file;
    return HostNote::File::differs;
}

std::vector<std::string> words_of(const std::string& list) {
    std::vector<std::string> words;
    std::istringstream in(list);
    for (std::string word; std::getline(in, word, ',');) words.push_back(word);
    return words;
}

}  // namespace

std::string file_state(HostNote::File file) {
    switch (file) {
        case HostNote::File::in_force:
            return "in force";
        case HostNote::File::differs:
            return "differs";
        case HostNote::File::refused:
            return "refused";
    }
    return "";
}

Hosts::Hosts(const std::string& url)
    : connection_({.url = url, .application_name = "lantern hosts", .plans = Plans::estimated}) {}

std::optional<Hosts::Judged> Hosts::judged(const std::string& host, const std::string& routing_file) {
    connection_.ensure();
    const auto rows = connection_.exec(kKnown, Params{}.add(host).add(routing_file));
    if (rows.empty()) return std::nullopt;
    return Judged{rows.text(0, 0), rows.integer(0, 1)};
}

void Hosts::note(const HostNote& note) {
    connection_.ensure();
    Params params;
    params.add(note.host).add(note.routing_file).add(note.run).add(note.pid).add(note.revision).add(note.file_hash);
    params.add(note.file_base).add(file_state(note.file));
    params.add(array_of(note.problems, [](const auto& problem) { return std::string_view(problem.about); }));
    params.add(array_of(note.problems, [](const auto& problem) { return std::string_view(problem.text); }));
    params.add(array_of(note.roles, [](const auto& role) { return std::string_view(role); }));
    params.add(array_of(note.builds, [](const auto& build) { return std::string_view(build); }));
    connection_.exec(kNote, params);
}

std::vector<HostNote> Hosts::seen_within(Milliseconds time) {
    connection_.ensure();
    const auto rows = connection_.exec(kHosts, Params{}.add(std::int64_t{time.count()}));
    std::vector<HostNote> found;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool same = !found.empty() && found.back().host == rows.view(row, 0) &&
                          found.back().routing_file == rows.view(row, 1);
        auto& note = same ? found.back() : found.emplace_back();
        note.host = rows.text(row, 0);
        note.routing_file = rows.text(row, 1);
        note.run = rows.uuid(row, 2);
        note.pid = static_cast<int>(rows.integer(row, 3));
        note.revision = rows.integer(row, 4);
        note.file_hash = rows.text(row, 5);
        note.file_base = rows.integer(row, 6);
        note.file = file_of(rows.view(row, 7));
        note.started_at = rows.time(row, 8);
        note.seen_at = rows.time(row, 9);
        note.roles = words_of(rows.text(row, 12));
        note.builds = words_of(rows.text(row, 13));
        if (!rows.null(row, 10)) note.problems.push_back({rows.text(row, 10), rows.text(row, 11)});
    }
    return found;
}

}  // namespace lantern::postgres
