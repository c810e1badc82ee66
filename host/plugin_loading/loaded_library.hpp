// What Library::open and Directory::open share: a private copy, loaded and checked.
#pragma once

#include <memory>

#include "host/plugin_loading/library.hpp"
#include "host/plugin_loading/plugin_file.hpp"

namespace lantern::plugin_loading {

Result<std::shared_ptr<const Library>> open_copy(const PluginFile& file);

}  // namespace lantern::plugin_loading
