// The body that tells where an event stands in each handler, without its secrets.
#pragma once

#include <string>
#include <string_view>

#include "host/http/ports.hpp"

namespace lantern::http {

// `shown`: the event's data as they may be shown, or "null".
std::string deliveries_text(const DeliveriesAnswer& answer, std::string_view shown);

// `text` with every text of `data` that `shown` does not have replaced: an error may repeat what it stumbled over.
// Texts of less than four characters stay.
std::string without_hidden(std::string text, std::string_view data, std::string_view shown);

}  // namespace lantern::http
