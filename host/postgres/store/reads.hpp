// What the query routes of the api read: rows of read models with the revisions they are complete to, and the
// events of a stream. One thread. Connects again by itself at the next call after its connection was lost.
#pragma once

#include <map>

#include "host/http/ports.hpp"
#include "host/postgres/connection.hpp"
#include "host/postgres/store/read_table.hpp"

namespace lantern::postgres {

class Reads final : public http::Reads {
public:
    explicit Reads(const std::string& url);  // connects

    std::vector<http::RowAnswer> row(const http::RowQuery& query) override;
    Result<http::RowsAnswer> rows(const http::RowsQuery& query) override;
    http::HistoryAnswer history(const http::HistoryQuery& query) override;
    std::optional<http::DeliveriesAnswer> deliveries(EventId event) override;
    std::map<std::string, std::string> declarations() override;
    void ping() override;

private:
    const ReadTable* table(const std::string& handler, const std::string& name);  // nullptr: not there yet
    bool is_known(const std::string& handler, const std::string& table) const;
    void forget_tables();
    std::vector<http::RowAnswer> row_now(const http::RowQuery& query);
    std::vector<http::RowAnswer> row_without_table(const http::RowQuery& query);
    Result<http::RowsAnswer> rows_now(const http::RowsQuery& query);

    Connection connection_;
    std::map<std::string, ReadTable> tables_;
};

}  // namespace lantern::postgres
