// Names contents: builds of plugins, declarations. SHA-1 by Boost; whoever could forge a collision could as well
// write the plugin, since only root and the running user may.
#pragma once

#include <string>
#include <string_view>

namespace lantern::plugin_loading {

std::string hex_hash(std::string_view bytes);  // 40 characters

}  // namespace lantern::plugin_loading
