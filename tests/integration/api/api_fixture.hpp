// Two real api processes on one port, over a real PostgreSQL and the real plugins.
#pragma once

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "host/processes/child.hpp"
#include "tests/integration/api/described.hpp"
#include "tests/support/http_client.hpp"

namespace lantern::test {

class ApiProcesses {
public:
    static constexpr const char* kToken = "integration-test-token";
    static constexpr const char* kTokenKey = "integration-test-token-key-of-32-bytes";
    static constexpr const char* kResetKey = "integration-test-reset-key";

    // On a fresh, migrated database.
    explicit ApiProcesses(int count = 2);
    // Asks them to end and waits until they did.
    void stop();
    // SIGTERM for one of them; returns at once.
    void ask_to_stop(std::size_t which) { children_.at(which)->signal(15); }
    processes::Ended wait_for_end(std::size_t which);

    long memory_kib() const;  // resident, of all of them

    const std::string& database() const { return database_; }
    const std::string& url() const { return url_; }

    // As the operator. Both hold the answer against the description.
    HttpAnswer call(const std::string& method, const std::string& path, const std::string& body = {},
                    std::map<std::string, std::string> headers = {}) const;
    HttpAnswer send(const HttpRequest& request) const;  // as it is
    bool ready() const { return http(url_, {"GET", "/readyz"}).status == 200; }

private:
    std::string database_;
    std::string url_;
    std::vector<std::unique_ptr<processes::Child>> children_;
    std::unique_ptr<Described> described_;
};

class ApiTest : public testing::Test {
protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite();
    static ApiProcesses& api() { return *api_; }

    static HttpAnswer call(const std::string& method, const std::string& path, const std::string& body = {},
                           std::map<std::string, std::string> headers = {}) {
        return api().call(method, path, body, std::move(headers));
    }
    static boost::json::object json(const HttpAnswer& answer);
    static std::string kind(const HttpAnswer& answer);  // of a problem, without "urn:lantern:problem:"
    static std::string user_body(const std::string& name, const std::string& password = "correct horse");
    static HttpAnswer create(const std::string& name);
    static std::string created(const std::string& name);  // the id; fails the test if it is not 201
    static std::string path(const std::string& id, const std::string& rest = {}) {
        return "/v1/users/" + id + "/" + rest;
    }

private:
    static inline std::unique_ptr<ApiProcesses> api_;
};

}  // namespace lantern::test
