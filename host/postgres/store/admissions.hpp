// Allowances and denied tokens, which all hosts share. One for each thread. Connects again by itself at the next
// call after its connection was lost.
#pragma once

#include "host/http/ports.hpp"
#include "host/postgres/connection.hpp"

namespace lantern::postgres {

class Admissions final : public http::Admissions {
public:
    explicit Admissions(const std::string& url);  // connects

    Milliseconds take(const std::vector<http::Allowance>& allowances) override;
    void give_back(const std::vector<http::Allowance>& allowances) override;
    void deny(const std::string& token_id, Timestamp expires_at) override;
    bool denied(const std::string& token_id) override;

private:
    Connection connection_;
};

}  // namespace lantern::postgres
