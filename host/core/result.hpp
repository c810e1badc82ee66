// An expected answer: a value or the reason there is none.
#pragma once

#include <boost/outcome/result.hpp>
#include <string>

namespace lantern {

template <class T, class E = std::string>
using Result = boost::outcome_v2::basic_result<T, E, boost::outcome_v2::policy::terminate>;

// Result<T> with text: return failure("..."); of a caller's type: return failure(error).
template <class E>
auto failure(E error) {
    return boost::outcome_v2::failure(std::move(error));
}
inline auto failure(const char* error) {
    return boost::outcome_v2::failure(std::string(error));
}

}  // namespace lantern
