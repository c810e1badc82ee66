// One `lantern dev` for tests: the real binary, real servers, a directory of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/postgres/connection.hpp"
#include "host/processes/child.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process_tree.hpp"

namespace lantern::test {

struct Place {
    std::filesystem::path data;
    std::filesystem::path config{};   // empty: the bundled one
    std::filesystem::path plugins{};  // empty: those of this build
};

class DevInstance {
public:
    explicit DevInstance(Place place);
    // Stops it.
    ~DevInstance();

    // lantern dev --detach
    processes::Finished start();
    processes::Finished stop();
    // Any verb, with --data.
    processes::Finished lantern(std::vector<std::string> words) const;

    // Of DIR/endpoints.json.
    std::string endpoint(const std::string& name) const;
    pid_t dev_pid() const;

    HttpAnswer http(HttpRequest request) const;  // with the token
    // The answer to POST /v1/users/.
    HttpAnswer create_user(const std::string& username) const;
    postgres::Rows sql(const std::string& statement) const;

    // All processes under dev, itself included.
    std::vector<pid_t> tree() const;
    // Of these the ones whose command line holds all words.
    std::vector<pid_t> find(const std::vector<std::string>& words) const;

    const std::filesystem::path& data() const { return place_.data; }

private:
    Place place_;
};

std::string id_of(const HttpAnswer& created);  // of a created user

}  // namespace lantern::test
