#include "host/http/message.hpp"

#include <strings.h>

namespace lantern::http {

std::string_view Request::header(std::string_view name) const {
    for (const auto& header : headers)
        if (header.name.size() == name.size() && strncasecmp(header.name.data(), name.data(), name.size()) == 0)
            return header.value;
    return {};
}

}  // namespace lantern::http
