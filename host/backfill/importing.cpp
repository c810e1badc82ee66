#include "host/backfill/importing.hpp"

#include <algorithm>
#include <iterator>

#include "host/core/limits.hpp"

namespace lantern::backfill {
namespace {

constexpr int kRoundsMax = 20;  // of a chunk whose streams others append to meanwhile

std::optional<std::string> evolve(command::State& state, Event event, const command::Upcasts& upcasts) {
    if (auto refused = upcasts.upcast(event)) return refused;
    if (const auto evolved = state.evolve(event); !evolved) return evolved.error();
    return std::nullopt;
}

}  // namespace

Result<Importer::Imported, std::vector<LineProblem>> Importer::import(std::vector<ImportLine> lines) {
    const std::size_t given = lines.size();
    if (states_.size() > kStatesMax) states_.clear();
    for (int round = 0;; ++round) {
        lines = fresh(std::move(lines));
        if (lines.empty()) return Imported{0, given};
        auto problems = check(lines);
        if (!problems.empty()) return failure(std::move(problems));
        Chunk chunk{lines, {}, {}, {}, {}, parts_.effects};
        std::set<StreamName> touched;
        problems = fold(chunk, touched);
        if (problems.empty()) problems = move(chunk, touched);
        if (problems.empty()) {
            const auto appended = parts_.intake.append(chunk);
            if (appended) return Imported{lines.size(), given - lines.size()};
            if (appended.error().kind == Refusal::Kind::moved && round < kRoundsMax) {
                forget(touched);
                continue;
            }
            problems.push_back(problem_of(appended.error(), chunk));
        }
        forget(touched);
        return failure(std::move(problems));
    }
}

// Those that are not in the store, each once, with ids and times.
std::vector<ImportLine> Importer::fresh(std::vector<ImportLine> lines) {
    const auto known = parts_.intake.known(lines);
    std::set<std::pair<std::string, std::string>> seen;
    std::vector<ImportLine> fresh;
    fresh.reserve(lines.size());
    for (std::size_t at = 0; at < lines.size(); ++at) {
        auto& line = lines[at];
        if (known[at] || !seen.emplace(line.source, line.id).second) continue;
        if (!line.event_id)
            line.event_id = Uuid::v7(parts_.clock.now(), parts_.random.next(), parts_.random.next());
        if (!line.recorded_at) line.recorded_at = parts_.clock.now();
        fresh.push_back(std::move(line));
    }
    return fresh;
}

std::vector<LineProblem> Importer::check(const std::vector<ImportLine>& lines) const {
    std::vector<LineProblem> problems;
    if (!parts_.check) return problems;
    for (const auto& line : lines) {
        auto wrong = parts_.check(line);
        problems.insert(problems.end(), std::move_iterator(wrong.begin()), std::move_iterator(wrong.end()));
    }
    return problems;
}

std::vector<LineProblem> Importer::fold(Chunk& chunk, std::set<StreamName>& touched) {
    std::vector<StreamName> unknown;
    for (const auto& line : chunk.lines) {
        if (!parts_.owners.contains(line.aggregate_type) || !touched.insert(stream_of(line)).second) continue;
        if (!states_.contains(stream_of(line))) unknown.push_back(stream_of(line));
    }
    const auto heads = parts_.intake.heads(unknown);
    std::vector<LineProblem> problems;
    std::map<StreamName, std::string> unfoldable;
    for (std::size_t at = 0; at < unknown.size(); ++at) {
        const auto state = folded(unknown[at], heads[at], parts_.owners.at(unknown[at].aggregate_type));
        if (!state) unfoldable[unknown[at]] = state.error();
    }
    for (const auto& stream : touched)
        if (!unfoldable.contains(stream)) chunk.heads.emplace_back(stream, states_.at(stream).head);
    for (const auto& line : chunk.lines) {
        const auto owner = parts_.owners.find(line.aggregate_type);
        if (owner == parts_.owners.end()) continue;
        const auto stream = stream_of(line);
        if (const auto why = unfoldable.find(stream); why != unfoldable.end()) {
            problems.push_back({line.number, "subject", "the stream is there and can't be folded: " + why->second});
            continue;
        }
        auto& state = states_.at(stream);
        state.head = Revision{state.head.value + 1};
        if (auto why = evolve(*state.state, event_of(line, state.head, *line.recorded_at), *owner->second.upcasts))
            problems.push_back(
                {line.number, "data", "the aggregate " + line.aggregate_type + " refuses it: " + *why});
    }
    return problems;
}

Result<Importer::Folded*> Importer::folded(const StreamName& stream, Revision head, const Owner& owner) {
    Folded folded{Revision{0}, owner.aggregate->state(), {}, {}};
    if (head.value > 0) {
        for (auto& event : parts_.intake.history(stream)) {
            folded.head = event.revision;
            if (auto why = evolve(*folded.state, std::move(event), *owner.upcasts)) return failure(*why);
        }
        auto keys = folded.state->unique_keys();
        if (!keys) return failure(keys.error());
        folded.keys = std::move(keys.value());
        auto counts = folded.state->counts();
        if (!counts) return failure(counts.error());
        folded.counts = std::move(counts.value());
    }
    return &(states_[stream] = std::move(folded));
}

std::vector<LineProblem> Importer::move(Chunk& chunk, const std::set<StreamName>& touched) {
    std::vector<LineProblem> problems;
    for (const auto& stream : touched) {
        auto why = move(chunk, stream);
        if (!why) why = keep(chunk, stream);
        if (why) problems.push_back({chunk.lines.front().number, "data", *why});
    }
    std::erase_if(chunk.counters, [](const auto& counter) { return counter.second == 0; });
    return problems;
}

std::optional<std::string> Importer::move(Chunk& chunk, const StreamName& stream) {
    auto& folded = states_.at(stream);
    auto keys = folded.state->unique_keys();
    if (!keys) return "unique keys: " + keys.error();
    auto counts = folded.state->counts();
    if (!counts) return "counts: " + counts.error();
    std::vector<command::UniqueKey> held, freed;
    const auto& now = keys.value();
    std::set_difference(now.begin(), now.end(), folded.keys.begin(), folded.keys.end(), std::back_inserter(held));
    std::set_difference(folded.keys.begin(), folded.keys.end(), now.begin(), now.end(), std::back_inserter(freed));
    for (auto& key : held) chunk.held.push_back({stream, std::move(key)});
    for (auto& key : freed) chunk.freed.push_back({stream, std::move(key)});
    folded.keys = std::move(keys.value());
    for (const auto& [counter, amount] : counts.value()) chunk.counters[counter] += amount;
    for (const auto& [counter, amount] : folded.counts) chunk.counters[counter] -= amount;
    folded.counts = std::move(counts.value());
    return std::nullopt;
}

// A snapshot, as often as commands leave one.
std::optional<std::string> Importer::keep(Chunk& chunk, const StreamName& stream) {
    auto& folded = states_.at(stream);
    if (folded.head.value - folded.snapshot.value < limits::kSnapshotEvery) return std::nullopt;
    auto saved = folded.state->save();
    if (!saved) return "snapshot: " + saved.error();
    const auto& described = parts_.owners.at(stream.aggregate_type).aggregate->description();
    chunk.snapshots.emplace_back(
        stream, command::Snapshot{folded.head, described.state_version, described.build, std::move(saved.value())});
    folded.snapshot = folded.head;
    return std::nullopt;
}

LineProblem Importer::problem_of(const Refusal& refusal, const Chunk& chunk) const {
    switch (refusal.kind) {
        case Refusal::Kind::revision:
            return {refusal.number, "revision",
                    "expected " + std::to_string(refusal.next.value) + ", the next revision of its stream"};
        case Refusal::Kind::key_taken: {
            std::int64_t last = 0;
            for (const auto& line : chunk.lines)
                if (stream_of(line) == refusal.stream) last = line.number;
            return {last, "data",
                    "the " + refusal.scope + " of " + refusal.stream.aggregate_type + "/" +
                        refusal.stream.aggregate_id + " is taken by another " + refusal.stream.aggregate_type};
        }
        case Refusal::Kind::reused:
        case Refusal::Kind::moved:
            break;
    }
    return {chunk.lines.front().number, "subject",
            "its chunk names streams that others keep appending to; try again when they are quieter"};
}

void Importer::forget(const std::set<StreamName>& touched) {
    for (const auto& stream : touched) states_.erase(stream);
}

}  // namespace lantern::backfill
