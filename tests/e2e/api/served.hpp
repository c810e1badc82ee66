// The whole of it as its users see it: one `lantern dev` with real workers, for all tests of this program. Beside
// the bundled handlers there are
//   user_read_model    tries a failed event again after an hour: its stream stays `retrying`
//   strict_read_model  the same plugin, with one attempt: its stream is `dead` at once; read at /v1/strict/{id}/
//   traced             keeps the metadata that a plugin sees
//   wild               dies of users that are named after it
// and a schema for ORDER_PLACED, which other producers may bring.
#pragma once

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/dev_instance.hpp"
#include "tests/support/servers.hpp"

namespace lantern::test {

class ServedTest : public testing::Test {
protected:
    static constexpr const char* kPassword = "correct horse";  // as DevInstance::create_user

    static void SetUpTestSuite();  // the first suite starts the instance, for all

    static boost::json::object json(const HttpAnswer& answer);
    static std::string created(const std::string& name);  // the id
    static HttpAnswer as(const std::string& token, HttpRequest request);
    static HttpAnswer log_in(const std::string& name, const std::string& password = kPassword);
    static std::string token_of(const std::string& name);
    static std::string path(const std::string& id, const std::string& rest = {}) {
        return "/v1/users/" + id + "/" + rest;
    }
    // The first cell, or nothing.
    static std::string one(const std::string& statement);
    // The mail to this address that holds the word; waits for it.
    static std::string mail(const std::string& to, const std::string& word);
    static std::string logged();  // by all processes until now

    static inline std::filesystem::path place;
    static inline std::unique_ptr<DevInstance> instance;
};

}  // namespace lantern::test
