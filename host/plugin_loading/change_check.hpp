// Checks what a projection records against its declaration, and translates it. Everything that a table could refuse
// later, or that would depend on the order across streams, is refused here, while the event at fault is in hand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/core/event.hpp"
#include "host/core/tables.hpp"
#include "sdk/include/lantern/abi.h"

namespace lantern::plugin_loading {

// A key or a change as it comes over the border.
struct AbiKey {
    std::uint32_t table = 0;
    const lantern_value* values = nullptr;
    std::uint32_t count = 0;
};

struct AbiChange {
    AbiKey key;
    std::int32_t verb = 0;
    const lantern_cell* cells = nullptr;
    std::uint32_t cell_count = 0;
};

class ChangeCheck {
public:
    explicit ChangeCheck(std::vector<Table> tables);

    // Fills `out`, or says why the change is refused. `event` is the one in hand.
    std::optional<std::string> change(const AbiChange& from, const Event& event, Change& out) const;
    // The same for a key that is to be found.
    std::optional<std::string> find_key(const AbiKey& from, const Event& event, std::vector<Value>& out) const;

private:
    std::optional<std::string> key(const AbiKey& from, const Event& event, std::vector<Value>& out) const;
    std::optional<std::string> cells(const AbiChange& from, const Table& table, std::vector<Cell>& out) const;

    std::vector<Table> tables_;
    std::vector<std::vector<std::uint32_t>> newest_;  // by table: its columns with merge newest
};

}  // namespace lantern::plugin_loading
