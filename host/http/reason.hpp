// The reason phrase of a status.
#pragma once

namespace lantern::http {

const char* reason_of(int status);

}  // namespace lantern::http
