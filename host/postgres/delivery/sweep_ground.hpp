// The store and the handlers' rows as the sweep sees them (sql/functions/sweep.sql).
// One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include "host/postgres/connection.hpp"
#include "host/sweep/ports.hpp"

namespace lantern::postgres {

class SweepGround final : public sweep::Ground {
public:
    explicit SweepGround(const std::string& url);

    Mark published() override;
    std::vector<sweep::Standing> handlers() override;
    std::vector<sweep::Look> look(std::span<const HandlerName> handlers, const Mark& from, const Mark& to,
                                  Position after, std::size_t limit) override;
    void note(const HandlerName& handler, std::span<const sweep::Behind> behind) override;
    bool advance(const HandlerName& handler, const sweep::Verified& before, const sweep::Verified& after) override;

private:
    Connection connection_;
};

}  // namespace lantern::postgres
