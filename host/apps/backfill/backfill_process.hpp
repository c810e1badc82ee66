// A process of a job: folds shares of the history, and, when it gets them, does the steps that one does alone.
#pragma once

#include <cstdint>

#include "host/apps/instance.hpp"
#include "host/processes/stop_request.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {

// Until the job has ended or stop is requested.
void work_on(const Instance& at, std::int64_t job, const processes::StopRequest& stop, const telemetry::Log& log);

}  // namespace lantern::apps
