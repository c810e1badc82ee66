// The given/when/then test kit. It calls the plugin through abi.h, so it tests what the host sees; it needs no test
// framework, a failed expectation throws lantern::testing::Failure. Link <name>_objects into the test program and
// pass `lantern_plugin`.
#pragma once

#include <lantern/testing/aggregate_spec.hpp>
#include <lantern/testing/check_run.hpp>
#include <lantern/testing/effects.hpp>
#include <lantern/testing/exported_test.hpp>
#include <lantern/testing/projection_spec.hpp>
