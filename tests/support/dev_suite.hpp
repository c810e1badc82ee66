// A suite of tests with one `lantern dev` of its own, which runs from the first test to the last.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {

class DevSuite : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        instance = std::make_unique<DevInstance>(Place{fresh_directory() / "dev"});
        const auto started = instance->start();
        ASSERT_TRUE(started.ended.clean()) << started.output;
    }
    static void TearDownTestSuite() { instance.reset(); }

    static inline std::unique_ptr<DevInstance> instance;
};

}  // namespace lantern::test
