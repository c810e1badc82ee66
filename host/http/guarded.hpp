// A job of a request: what it throws becomes the request's answer.
#pragma once

#include <functional>

#include "host/http/exchange.hpp"
#include "host/http/workers.hpp"

namespace lantern::http {

Workers::Job guarded(const ExchangePtr& exchange, std::function<void(Session&)> job);

}  // namespace lantern::http
