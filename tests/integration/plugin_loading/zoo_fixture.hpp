// A plugin directory of its own for each test, filled from the zoo.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "host/plugin_loading/directory.hpp"

namespace lantern::test {

std::filesystem::path zoo_library(const std::string& name);  // as built

class Zoo : public testing::Test {
protected:
    Zoo();
    ~Zoo() override;

    // Copies the library of that name into the plugin directory; `as` is its file name there, without .so.
    std::filesystem::path put(const std::string& name, const std::string& as = {});
    std::filesystem::path put_text(const std::string& file, const std::string& text);

    plugin_loading::ProbeOptions options() const;
    plugin_loading::Directory scan() const { return {plugins(), options()}; }
    std::filesystem::path plugins() const { return root_ / "plugins"; }
    std::filesystem::path copies() const { return root_ / "copies"; }

private:
    std::filesystem::path root_;
};

// The refusal of the file of that name; empty when it was not refused.
std::string refusal_of(const plugin_loading::Directory& directory, const std::string& file);

}  // namespace lantern::test
