// One session with PostgreSQL. It never reconnects by itself: whoever holds caches, prepared statements or a
// transaction must know that they are gone. Every error leaves here as a Fault:
//   SQLSTATE 08, 57, 53, 25006, a lost or refused connection -> outage;  40 and 55P03 -> conflict;
//   22, 23, 44, 54 -> data;
//   the connection lost while a commit was in flight -> in_doubt;  anything else -> configuration.
// Not for two threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/fault.hpp"
#include "host/core/identifiers.hpp"
#include "host/core/limits.hpp"

namespace lantern::postgres {

// How the server plans: by its statistics, or always along an index (keyed access on tables that may have grown
// since the plan was cached).
enum class Plans { estimated, keyed };

class Connection;

struct Session {
    std::string url{};  // as libpq takes it: URI or key=value
    std::string application_name = "lantern";
    std::string search_path = "pg_catalog";
    std::string listen{};  // channel; empty: none
    Plans plans = Plans::keyed;
    Milliseconds statement_timeout = limits::kStatementTimeout;
    Milliseconds lock_timeout = limits::kLockTimeout;
    Milliseconds idle_in_transaction_timeout = limits::kIdleInTransactionTimeout;
    // Called after each connect; when it throws, the connection is closed again.
    std::function<void(Connection&)> once_connected{};
};

// A result. Columns are numbered from 0. Cheap to copy; outlives its connection.
class Rows {
public:
    std::size_t size() const;
    bool empty() const { return size() == 0; }
    bool null(std::size_t row, int column) const;
    std::string_view view(std::size_t row, int column) const;  // empty when null; valid while a copy of Rows lives
    std::string text(std::size_t row, int column) const { return std::string(view(row, column)); }
    std::int64_t integer(std::size_t row, int column) const;  // asserts that it is one
    std::optional<std::int64_t> maybe_integer(std::size_t row, int column) const;
    bool boolean(std::size_t row, int column) const { return view(row, column) == "t"; }
    Timestamp time(std::size_t row, int column) const;
    Uuid uuid(std::size_t row, int column) const;
    int columns() const;
    std::string column_name(int column) const;
    std::size_t affected() const;  // rows written by the statement

private:
    friend class Connection;
    struct Impl;
    std::shared_ptr<const Impl> impl_;  // shared: copies of a result are views of one
};

// Parameters of a statement, in order. Arrays are passed as literals (array_literal.hpp).
class Params {
public:
    Params& add(std::string value);
    Params& add(std::string_view value) { return add(std::string(value)); }
    Params& add(const char* value) { return add(std::string(value)); }
    Params& add(std::int64_t value) { return add(std::to_string(value)); }
    Params& add(int value) { return add(std::to_string(value)); }
    Params& add(const Uuid& value) { return add(value.text()); }
    Params& add(Timestamp value);
    Params& add_null();
    template <class T>
    Params& add(const std::optional<T>& value) {
        return value ? add(*value) : add_null();
    }
    const std::vector<std::optional<std::string>>& values() const { return values_; }

private:
    std::vector<std::optional<std::string>> values_;
};

// A statement of sql/statements, prepared on its first use in a connection; or one generated for a handler.
struct Statement {
    std::string name;
    std::string text;
};

// What the call makes durable. A connection lost during a call that commits leaves it in doubt.
enum class Commits { nothing, here };

class Connection {
public:
    explicit Connection(Session session);  // connects; throws Fault
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Rows exec(const Statement& statement, const Params& params = {}, Commits commits = Commits::nothing);
    // Not prepared: rare statements.
    Rows query(const std::string& sql, const Params& params = {}, Commits commits = Commits::nothing);
    // Several statements in one text, in one implicit transaction unless it begins its own: DDL.
    void script(const std::string& sql, Commits commits = Commits::here);

    // Lines of COPY's text format (copy_text.hpp), each ended by a newline, into `table`: "schema"."table"
    // (columns).
    void copy_in(const std::string& table, const std::string& lines);

    // True when a notification came; waits up to `wait` for one.
    bool wait_for_notification(Milliseconds wait);

    void begin();
    void commit();
    void rollback() noexcept;  // also when the connection is gone
    // Forgets prepared statements (tables were swapped under them).
    void forget_statements();

    bool open() const;
    void reconnect();  // drops the session, whatever its state, and makes a new one
    // Reconnects if the session is gone, also if the server ended it while nothing was asked. True: it did.
    bool ensure();
    void close() noexcept;
    const Session& session() const { return session_; }

private:
    friend class CopyOut;
    struct Impl;
    bool gone();
    Rows guarded(Commits commits, const std::function<void(Rows::Impl&)>& call);

    const Session session_;
    std::unique_ptr<Impl> impl_;
};

// Lines of COPY's text format that a query gives, in its order. Until the last one was read the connection can do
// nothing else; one that is not read to its end closes the connection.
class CopyOut {
public:
    CopyOut(Connection& connection, const std::string& query);  // the connection outlives it
    ~CopyOut();
    CopyOut(const CopyOut&) = delete;
    CopyOut& operator=(const CopyOut&) = delete;

    // False: there are no more.
    bool next(std::string& line);

private:
    struct Impl;
    Connection& connection_;
    std::unique_ptr<Impl> impl_;
};

// Rolled back unless committed.
class Transaction {
public:
    explicit Transaction(Connection& connection) : connection_(connection) { connection_.begin(); }
    ~Transaction() {
        if (!done_) connection_.rollback();
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() {
        done_ = true;
        connection_.commit();
    }

private:
    Connection& connection_;
    bool done_ = false;
};

}  // namespace lantern::postgres
