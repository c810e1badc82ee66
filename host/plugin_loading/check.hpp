// A projection's look at its own rows: whether somebody changed them from outside. Only plugins whose tables can
// show that have one.
#pragma once

#include <vector>

#include "host/core/owned_rows.hpp"
#include "host/core/result.hpp"

namespace lantern::plugin_loading {

class Check {
public:
    virtual ~Check() = default;

    // The rows of one aggregate id. Error: the plugin's reason why it could not look, or what it broke of the
    // contract.
    virtual Result<std::vector<Finding>> look(const OwnedRows& rows) = 0;
};

}  // namespace lantern::plugin_loading
