// CloudEvents 1.0 as a protocol carries them:
//   structured   content type application/cloudevents+json: the body is one event
//   batch        application/cloudevents-batch+json: the body is an array of events
//   binary       any JSON content type: the body is the data, the attributes come beside it (headers)
// What the attributes mean is said in host/backfill/import_line.hpp; lines of an export are structured events.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/command/problem.hpp"
#include "host/intake/ports.hpp"

namespace lantern::intake {

struct Parcel {
    std::string_view content_type;
    // Of the binary mode: names without the protocol's prefix, in lower case, and decoded values.
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string_view body;
};

enum class Form { single, batch };

struct Contents {
    Form form = Form::single;
    std::vector<Arrival> events;  // at least one, at most limits::kIntakeEventsMax
};

// Else a problem of status 400, 413 or 415 that names every event at fault.
Result<Contents, command::Problem> read_parcel(const Parcel& parcel);
// JSON pointer to a part of an event in its structured form: "/3/data" in a batch, "/data" else.
std::string pointer_to(const Arrival& event, Form form, const std::string& part);

}  // namespace lantern::intake
