// The relay's row in lantern.marks: leadership by epoch, progress by compare-and-set.
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <map>

#include "host/postgres/connection.hpp"
#include "host/relay/ports.hpp"

namespace lantern::postgres {

class Leadership final : public relay::Leadership {
public:
    // `self` tells this process from others; fresh for each start.
    Leadership(const std::string& url, const Uuid& self, std::string reader = "relay");

    std::optional<Epoch> hold() override;
    relay::Progress progress() override;
    bool advance(Epoch epoch, const relay::Progress& before, const relay::Progress& after) override;
    void resign() override;

    // What operators are told while this process leads: what holds the relay up ("": nothing), and how many more
    // messages of which event type nothing was routed for.
    void note(const std::string& trouble);
    void count_unroutable(const std::map<std::string, std::uint64_t>& more);

private:
    Connection connection_;
    const std::string self_;
    const std::string reader_;
    bool leads_ = false;  // by the last answer: then a heartbeat, which claims nothing
};

}  // namespace lantern::postgres
