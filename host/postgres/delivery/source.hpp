// The store as a reader of everything new sees it: marks and slices (docs: DELIVERY §1).
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "host/postgres/connection.hpp"
#include "host/relay/ports.hpp"

namespace lantern::postgres {

class Source final : public relay::Source {
public:
    explicit Source(const std::string& url);  // connects; listens on lantern_events

    bool anything_since(const Mark& from, Milliseconds wait) override;
    Mark take_mark() override;
    Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) override;
    // Which store the events come from that are read from now on. When a later connection leads to one of another
    // incarnation, the call that found it is a Fault, until this was asked again.
    Uuid incarnation();

private:
    void ready();  // connected, and the store is the one that it was
    bool anything_now(const Mark& from);
    void add_names(std::vector<Event>& events);

    Connection connection_;
    bool checked_ = false;  // the incarnation, since the connection was made
    Uuid incarnation_;
    std::optional<Uuid> told_;
    // Aggregate types and ids by stream; they never change in one store. Looked up once, not for each event of a
    // page.
    std::unordered_map<StreamId, std::pair<std::string, std::string>> names_;
};

}  // namespace lantern::postgres
