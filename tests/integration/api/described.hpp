// What the api's own description says of an answer: each that a test gets is held against it.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/schemas/validation.hpp"
#include "tests/support/http_client.hpp"

namespace lantern::test {

class Described {
public:
    explicit Described(const std::string& document);  // OpenAPI, JSON

    // Empty: the answer is one of those that are described for this request. `target` may have a query. Any thread.
    std::string complaint(const std::string& method, const std::string& target, const HttpAnswer& answer);

    const boost::json::object& document() const { return document_; }

private:
    const boost::json::object* operation(const std::string& method, const std::string& target) const;
    const boost::json::object& resolved(const boost::json::value& part) const;
    std::string complaint_of(const std::string& name, const boost::json::object& response,
                             const HttpAnswer& answer);
    std::string complaint_of_body(const std::string& name, const boost::json::value& schema,
                                  const std::string& body);

    const boost::json::object document_;
    std::mutex mutex_;
    std::map<std::string, schemas::Schema> schemas_;  // guarded by mutex_; by operation, status and media type
};

}  // namespace lantern::test
