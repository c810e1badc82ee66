#include "host/http/reason.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lantern::http {

const char* reason_of(int status) {
    static constexpr std::pair<int, const char*> kReasons[] = {{200, "OK"},
                                                               {201, "Created"},
                                                               {202, "Accepted"},
                                                               {204, "No Content"},
                                                               {304, "Not Modified"},
                                                               {400, "Bad Request"},
                                                               {401, "Unauthorized"},
                                                               {403, "Forbidden"},
                                                               {404, "Not Found"},
                                                               {405, "Method Not Allowed"},
                                                               {409, "Conflict"},
                                                               {412, "Precondition Failed"},
                                                               {413, "Content Too Large"},
                                                               {414, "URI Too Long"},
                                                               {415, "Unsupported Media Type"},
                                                               {422, "Unprocessable Content"},
                                                               {429, "Too Many Requests"},
                                                               {431, "Request Header Fields Too Large"},
                                                               {500, "Internal Server Error"},
                                                               {501, "Not Implemented"},
                                                               {503, "Service Unavailable"}};
    const auto* found =
        std::find_if(std::begin(kReasons), std::end(kReasons), [&](const auto& of) { return of.first == status; });
    return found == std::end(kReasons) ? "Status" : found->second;
}

}  // namespace lantern::http
