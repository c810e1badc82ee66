// Bulk append of other systems' events, a chunk at a time. An aggregate that owns a stream's type is asked for the
// unique keys that its new state holds and what it contributes to counters; its stream must still be where that
// state was folded from. Long streams get snapshots, so that the first command on one need not fold it all. A chunk
// is appended whole or not at all. What was imported before, by source and id, is passed over, so an import that
// broke off is simply begun again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/backfill/ports.hpp"
#include "host/core/clock.hpp"

namespace lantern::backfill {

class Importer {
public:
    struct Owner {
        std::shared_ptr<const command::Aggregate> aggregate;  // shared with the library that it came from
        std::shared_ptr<const command::Upcasts> upcasts;
    };
    struct Parts {
        Intake& intake;
        const std::map<std::string, Owner>& owners;  // by aggregate type
        Clock& clock;
        Random& random;
        Effects effects = Effects::suppressed;
        // What is wrong with a line's data, by the schema of its event; all of it.
        std::function<std::vector<LineProblem>(const ImportLine& line)> check{};
    };
    explicit Importer(Parts parts) : parts_(std::move(parts)) {}

    struct Imported {
        std::size_t events = 0;
        std::size_t known = 0;  // passed over
        bool operator==(const Imported&) const = default;
    };
    // Error: what is wrong with which lines; nothing was appended then.
    Result<Imported, std::vector<LineProblem>> import(std::vector<ImportLine> lines);

private:
    struct Folded {
        Revision head;
        std::unique_ptr<command::State> state;
        std::vector<command::UniqueKey> keys;  // of the state, as stored
        std::map<std::string, std::int64_t> counts;
        Revision snapshot{};  // the last that this import left
    };
    static constexpr std::size_t kStatesMax = 100'000;

    std::vector<ImportLine> fresh(std::vector<ImportLine> lines);
    std::vector<LineProblem> fold(Chunk& chunk, std::set<StreamName>& touched);
    Result<Folded*> folded(const StreamName& stream, Revision head, const Owner& owner);
    std::vector<LineProblem> check(const std::vector<ImportLine>& lines) const;
    std::vector<LineProblem> move(Chunk& chunk, const std::set<StreamName>& touched);
    std::optional<std::string> move(Chunk& chunk, const StreamName& stream);
    std::optional<std::string> keep(Chunk& chunk, const StreamName& stream);
    LineProblem problem_of(const Refusal& refusal, const Chunk& chunk) const;
    void forget(const std::set<StreamName>& touched);

    Parts parts_;
    std::map<StreamName, Folded> states_;
};

}  // namespace lantern::backfill
