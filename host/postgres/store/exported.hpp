// The store's events as `lantern export` reads them: one snapshot, by position.
#pragma once

#include <optional>
#include <string>

#include "host/core/event.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

struct ExportSelection {
    std::optional<std::pair<std::string, std::string>> stream;  // aggregate type, aggregate id
    std::string aggregate_type, event_type;                     // empty: any
    std::optional<Timestamp> from;                              // recorded at that time or later
    std::optional<Timestamp> until;  // before the first event of the stream that was recorded then or later
};

class Exported {
public:
    Exported(const std::string& url, const ExportSelection& selection);

    // False: there are no more.
    bool next(Event& event);
    Uuid incarnation() const { return incarnation_; }

private:
    Connection connection_;
    const Uuid incarnation_;
    CopyOut copy_;
    std::string line_;
};

}  // namespace lantern::postgres
