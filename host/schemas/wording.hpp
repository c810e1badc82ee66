// What valijson says of a violation, in words for whoever wrote the document. Private to this room.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "host/schemas/validation.hpp"

namespace lantern::schemas {

struct Complaint {
    std::vector<std::string> place;  // names and indexes from the document's root
    std::string text;                // valijson's
};

// Those that only say that something deeper does not fit are left out where the deeper is told.
std::vector<Violation> in_words(const std::vector<Complaint>& complaints, const boost::json::value& schema,
                                const boost::json::value& document);

}  // namespace lantern::schemas
