// The words between the probe and its child, see probe.hpp.
#pragma once

#include <string_view>

namespace lantern::plugin_loading {

inline constexpr std::string_view kStageWord = "stage ";
inline constexpr std::string_view kOkWord = "ok ";
inline constexpr std::string_view kRefusedWord = "refused ";

}  // namespace lantern::plugin_loading
