// What the api says of itself, to anyone: its description at /openapi.json and the pages that show it at /docs/.
#pragma once

#include <functional>
#include <vector>

#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

class Documents {
public:
    // All of it outlives this.
    struct World {
        // The description as it is now, by what handlers declare. Throws Fault.  [any thread]
        std::function<std::string(Reads&)> description;  // empty: nothing is shown
        std::vector<Page> pages;
    };
    Documents(World world, Workers& workers) : world_(std::move(world)), workers_(workers) {}

    // Whether the path is one of these; then it is answered.  [I/O thread]
    bool handle(const ExchangePtr& exchange) const;

private:
    void describe(const ExchangePtr& exchange) const;
    void show(Exchange& exchange, const std::string& name) const;

    const World world_;
    Workers& workers_;
};

}  // namespace lantern::http
