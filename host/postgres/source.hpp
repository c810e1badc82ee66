// The store as a reader of everything new sees it: marks and slices (docs: DELIVERY §1).
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/relay/ports.hpp"

namespace lantern::postgres {

class Source final : public relay::Source {
public:
    explicit Source(const std::string& url);  // connects; listens on lantern_events

    bool anything_since(const Mark& from, Milliseconds wait) override;
    Mark take_mark() override;
    Page page(const Mark& from, const Mark& to, Position after, std::size_t limit) override;
    Uuid incarnation();

private:
    bool anything_now(const Mark& from);

    Connection connection_;
};

}  // namespace lantern::postgres
