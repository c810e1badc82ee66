// What backfill asks of the store: history to fold, tables to fill, lines to append. Called from one thread each.
// Adapters throw Fault.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/backfill/import_line.hpp"
#include "host/command/ports.hpp"
#include "host/core/event.hpp"
#include "host/core/handler.hpp"
#include "host/core/mark.hpp"
#include "host/core/result.hpp"
#include "host/core/tables.hpp"
#include "host/worker/ports.hpp"

namespace lantern::backfill {

// ---- import -------------------------------------------------------------------------------------------------

struct KeyMove {
    StreamName stream;
    command::UniqueKey key;
    bool operator==(const KeyMove&) const = default;
};

using StreamSnapshot = std::pair<StreamName, command::Snapshot>;

enum class Effects { suppressed, delivered };

// Lines to append in one transaction: all, or none.
struct Chunk {
    std::vector<ImportLine> lines;  // each with its event id and time
    // Heads from which the keys were folded; streams without an aggregate are not among them.
    std::vector<std::pair<StreamName, Revision>> heads;
    std::vector<KeyMove> held, freed;
    std::map<std::string, std::int64_t> counters;  // by how much they move; what is a fact has no minimum
    Effects effects = Effects::suppressed;
    std::vector<StreamSnapshot> snapshots{};  // of states behind the last line
};

// Why nothing of what was to be appended together was appended.
struct Refusal {
    enum class Kind {
        moved,      // a line was imported or a stream appended to meanwhile: look again
        key_taken,  // `scope`, by the new state of `stream`
        revision,   // line or event `number`: the next revision is `next`
        reused,     // event `number`: its source and id are of another event; not of an import
    } kind = Kind::moved;
    std::int64_t number = 0;
    Revision next;
    std::string scope;
    StreamName stream;
};

class Intake {
public:
    virtual ~Intake() = default;

    // Which of the lines are in the store already, by source and id.
    virtual std::vector<bool> known(std::span<const ImportLine> lines) = 0;
    virtual std::vector<Revision> heads(std::span<const StreamName> streams) = 0;
    virtual std::vector<Event> history(const StreamName& stream) = 0;  // by revision
    virtual Result<void, Refusal> append(const Chunk& chunk) = 0;
};

// ---- rebuild ------------------------------------------------------------------------------------------------

struct Scanned {
    Event event;
    Revision head;  // of its stream, when it was scanned
};

// The events of a slot's streams that the handler's types name, by stream and revision.
class Scan {
public:
    virtual ~Scan() = default;

    // False: there are no more. Texts of `into` keep their room.
    virtual bool next(Scanned& into) = 0;
};

// What was folded since the last commit.
struct Tally {
    std::int64_t events = 0;
    std::int64_t parked = 0;  // streams
};

// Tables without indexes, filled stream by stream. Nothing is written before commit.
class Load {
public:
    virtual ~Load() = default;

    virtual void add(std::uint32_t table, const Row& row) = 0;
    // Shared: one of several rows with this key, merged at the end. `newest`: 0, none of those columns given.
    virtual void add_partial(std::uint32_t table, const std::vector<Value>& key, const std::vector<Cell>& cells,
                             Position newest) = 0;
    virtual void add(const worker::StreamRow& row) = 0;
    virtual std::size_t bytes() const = 0;  // waiting for commit
    // Writes what was added, and that the slot is done up to and with this stream. False: the slot is no longer
    // ours, nothing was written.
    virtual bool commit(StreamId done, const Tally& tally) = 0;
};

}  // namespace lantern::backfill
