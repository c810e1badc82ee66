#include "host/postgres/store/key_moves.hpp"

#include <charconv>

#include "host/postgres/array_literal.hpp"

namespace lantern::postgres {
namespace {

// "line 7 has another revision than the next: 3" -> 3 when asked behind "next: ".
std::int64_t number_behind(std::string_view message, std::string_view mark) {
    std::int64_t number = 0;
    const auto at = message.find(mark);
    if (at != std::string_view::npos)
        std::from_chars(message.data() + at + mark.size(), message.data() + message.size(), number);
    return number;
}

// To the end of its line; empty: the mark is not there.
std::string line_behind(std::string_view message, std::string_view mark) {
    const auto at = message.find(mark);
    if (at == std::string_view::npos) return {};
    const auto rest = message.substr(at + mark.size());
    return std::string(rest.substr(0, rest.find('\n')));
}

// The stream that wanted a key which is taken.
backfill::StreamName stream_in_detail(std::string_view message) {
    const auto stream = line_behind(message, "DETAIL:  ");
    const auto slash = stream.find('/');
    if (slash == std::string::npos) return {};
    return {stream.substr(0, slash), stream.substr(slash + 1)};
}

}  // namespace

void add_moves(Params& params, const std::vector<backfill::KeyMove>& moves) {
    using Move = backfill::KeyMove;
    const auto text = [](const std::string& of) { return std::string_view(of); };
    params.add(array_of(moves, [&](const Move& move) { return text(move.stream.aggregate_type); }));
    params.add(array_of(moves, [&](const Move& move) { return text(move.stream.aggregate_id); }));
    params.add(array_of(moves, [&](const Move& move) { return text(move.key.scope); }));
    params.add(array_of(moves, [&](const Move& move) { return text(move.key.key); }));
}

void add_counters(Params& params, const std::map<std::string, std::int64_t>& counters) {
    using Counter = std::pair<const std::string, std::int64_t>;
    params.add(array_of(counters, [](const Counter& counter) { return std::string_view(counter.first); }));
    params.add(array_of(counters, [](const Counter& counter) { return counter.second; }));
}

Params parameters_of(std::span<const backfill::StreamSnapshot> snapshots) {
    using Snapshot = backfill::StreamSnapshot;
    const auto column = [&](auto of) { return array_of(snapshots, of); };
    Params params;
    params.add(column([](const Snapshot& one) { return std::string_view(one.first.aggregate_type); }));
    params.add(column([](const Snapshot& one) { return std::string_view(one.first.aggregate_id); }));
    params.add(column([](const Snapshot& one) { return one.second.revision.value; }));
    params.add(column([](const Snapshot& one) { return std::int64_t{one.second.state_version}; }));
    params.add(column([](const Snapshot& one) { return std::string_view(one.second.build); }));
    params.add(column([](const Snapshot& one) { return std::string_view(one.second.state); }));
    return params;
}

std::optional<backfill::Refusal> refusal_of(const Fault& fault, std::string_view numbered) {
    using Kind = backfill::Refusal::Kind;
    const std::string_view message = fault.what();
    backfill::Refusal refusal;
    if (fault.code() == "LN006" || fault.kind() == FaultKind::conflict) return refusal;
    if (fault.code() == "LN007") {
        refusal.kind = Kind::revision;
        refusal.number = number_behind(message, numbered);
        refusal.next = Revision{number_behind(message, "next: ")};
        return refusal;
    }
    if (fault.code() == "LN008") {
        refusal.kind = Kind::reused;
        refusal.number = number_behind(message, "of event: ");
        return refusal;
    }
    if (fault.code() == "LN003") {
        refusal.kind = Kind::key_taken;
        refusal.scope = line_behind(message, "scope: ");
        refusal.stream = stream_in_detail(message);
        return refusal;
    }
    return std::nullopt;
}

}  // namespace lantern::postgres
