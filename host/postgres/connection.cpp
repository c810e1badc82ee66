#include "host/postgres/connection.hpp"

#include <poll.h>

#include <array>
#include <charconv>
#include <pqxx/pqxx>
#include <pqxx/tablewriter>
#include <set>

#include "host/core/assert.hpp"
#include "host/core/clock.hpp"
#include "host/postgres/text_format.hpp"

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 forgets the result (2 KiB) of a statement during which the connection is lost.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:pqxx::connection_base::exec\nleak:pqxx::connection_base::register_prepared";
}
#endif

namespace lantern::postgres {

// The cells are noted once: asking the library for a field copies a shared pointer, and events have many fields.
struct Rows::Impl {
    pqxx::result result;
    std::size_t columns = 0;
    std::vector<std::pair<const char*, std::size_t>> cells;  // row by row; null: no pointer

    void note_cells() {
        columns = result.columns();
        cells.reserve(result.size() * columns);
        for (auto row = result.begin(); row != result.end(); ++row) {
            auto field = row->begin();
            for (std::size_t column = 0; column < columns; ++column, ++field)
                cells.emplace_back(field->is_null() ? nullptr : field->c_str(), field->size());
        }
    }
};

std::size_t Rows::size() const {
    return impl_ ? impl_->result.size() : 0;
}
bool Rows::null(std::size_t row, int column) const {
    return impl_->cells[row * impl_->columns + static_cast<std::size_t>(column)].first == nullptr;
}
std::string_view Rows::view(std::size_t row, int column) const {
    const auto [text, bytes] = impl_->cells[row * impl_->columns + static_cast<std::size_t>(column)];
    return {text, bytes};
}
std::int64_t Rows::integer(std::size_t row, int column) const {
    const auto text = view(row, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    LANTERN_ASSERT(error == std::errc{} && end == text.data() + text.size(), "an integer column holds an integer");
    return value;
}
std::optional<std::int64_t> Rows::maybe_integer(std::size_t row, int column) const {
    if (null(row, column)) return std::nullopt;
    return integer(row, column);
}
Timestamp Rows::time(std::size_t row, int column) const {
    return Timestamp{parse_time(view(row, column))};
}
Uuid Rows::uuid(std::size_t row, int column) const {
    const auto parsed = Uuid::parse(view(row, column));
    LANTERN_ASSERT(parsed, "a uuid column holds a uuid");
    return *parsed;
}
int Rows::columns() const {
    return impl_ ? static_cast<int>(impl_->result.columns()) : 0;
}
std::string Rows::column_name(int column) const {
    return impl_->result.column_name(column);
}
std::size_t Rows::affected() const {
    return impl_ ? impl_->result.affected_rows() : 0;
}

Params& Params::add(std::string value) {
    values_.emplace_back(std::move(value));
    return *this;
}
Params& Params::add(Timestamp value) {
    std::string text;
    append_time(text, value.time_since_epoch());
    return add(std::move(text));
}
Params& Params::add_null() {
    values_.emplace_back(std::nullopt);
    return *this;
}

namespace {

class Ear final : public pqxx::notification_receiver {
public:
    using notification_receiver::notification_receiver;
    void operator()(const std::string&, int) override {}
};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

FaultKind kind_of(const std::string& sqlstate) {
    const auto group = sqlstate.substr(0, 2);
    // 25006: a server that became a standby refuses to write; a new connection may lead to the primary.
    if (group == "08" || group == "57" || group == "53" || sqlstate == "25006") return FaultKind::outage;
    if (group == "40" || sqlstate == "55P03") return FaultKind::conflict;
    // 54: a value is too large for its index or row. 44: it breaks a view's check option.
    if (group == "22" || group == "23" || group == "54" || group == "44") return FaultKind::data;
    return FaultKind::configuration;
}

// libpq gives no SQLSTATE for a refused login.
FaultKind kind_of_refused_connection(const std::string& message) {
    for (const char* person_needed : {"authentication failed", "does not exist", "no pg_hba.conf entry",
                                      "invalid connection option", "invalid URI", "no password supplied",
                                      "permission denied for database", "missing \"=\"", "not permitted to log in"})
        if (message.find(person_needed) != std::string::npos) return FaultKind::configuration;
    return FaultKind::outage;
}

// Adds a connection parameter unless the URL already names it.
void add_parameter(std::string& url, const std::string& key, const std::string& value) {
    if (url.find(key + "=") != std::string::npos) return;
    const bool uri = url.rfind("postgres://", 0) == 0 || url.rfind("postgresql://", 0) == 0;
    if (uri) {
        url += (url.find('?') == std::string::npos ? '?' : '&') + key + "=" + value;
    } else {
        url += " " + key + "=" + value;
    }
}

std::string with_timeouts(std::string url) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits::kConnectTimeout).count();
    add_parameter(url, "connect_timeout", std::to_string(seconds));
    // A peer that vanished is no peer: 30 s (ms) for what was sent, 10 + 4 * 5 s while an answer is awaited.
    add_parameter(url, "tcp_user_timeout", "30000");
    add_parameter(url, "keepalives_idle", "10");
    add_parameter(url, "keepalives_interval", "5");
    add_parameter(url, "keepalives_count", "4");
    return url;
}

std::string settings_of(const Session& session) {
    std::string name = session.application_name;
    std::erase_if(name, [](char c) { return c == '\'' || c == '\\'; });
    std::string sql = "set application_name = '" + name + "';";
    sql += "set search_path = " + session.search_path + ";";
    sql += "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set bytea_output = 'hex'; set jit = off;";
    sql += "set extra_float_digits = 1; set client_min_messages = error; set standard_conforming_strings = on;";
    sql += "set statement_timeout = " + std::to_string(session.statement_timeout.count()) + ";";
    sql += "set lock_timeout = " + std::to_string(session.lock_timeout.count()) + ";";
    sql +=
        "set idle_in_transaction_session_timeout = " + std::to_string(session.idle_in_transaction_timeout.count()) +
        ";";
    if (session.plans == Plans::keyed)
        sql +=
            "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off;"
            "set enable_mergejoin = off; set max_parallel_workers_per_gather = 0;";
    return sql;
}

}  // namespace

// Members in teardown order: the receiver unregisters itself from the connection.
struct Connection::Impl {
    std::unique_ptr<pqxx::connection> connection;
    std::unique_ptr<Ear> ear;
    std::set<std::string> prepared;
    std::string why_closed = "the connection is closed";
};

Connection::Connection(Session session) : session_(std::move(session)), impl_(std::make_unique<Impl>()) {
    reconnect();
}

Connection::~Connection() {
    close();
}

void Connection::close() noexcept {
    impl_->ear.reset();
    impl_->connection.reset();
    impl_->prepared.clear();
}

bool Connection::open() const {
    return impl_->connection && impl_->connection->is_open();
}

bool Connection::ensure() {
    if (!gone()) return false;
    reconnect();
    return true;
}

// What the server says unasked: notifications, or its farewell, which would else look like a commit in doubt. After
// a message that is no notification the end is awaited for a moment: a farewell is a message and then the end.
bool Connection::gone() {
    constexpr int kPieces = 8, kMomentMs = 50;
    int wait_ms = 0;
    for (int piece = 0; open() && piece < kPieces; ++piece) {
        pollfd socket{impl_->connection->sock(), POLLIN, 0};
        if (poll(&socket, 1, wait_ms) <= 0) return false;
        try {
            wait_ms = impl_->connection->get_notifs() > 0 ? 0 : kMomentMs;
        } catch (const pqxx::failure&) {
            close();
        }
    }
    return !open();
}

void Connection::reconnect() {
    close();
    try {
        impl_->connection = std::make_unique<pqxx::connection>(with_timeouts(session_.url));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // the only way in 6.4 to forbid silent reconnects
        impl_->connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    } catch (const pqxx::failure& failure) {
        impl_->connection.reset();
        const auto message = trimmed(failure.what());
        throw Fault(kind_of_refused_connection(message), "postgres", message, "08001");
    }
    script(settings_of(session_), Commits::nothing);
    if (!session_.listen.empty())
        guarded(Commits::nothing,
                [&](Rows::Impl&) { impl_->ear = std::make_unique<Ear>(*impl_->connection, session_.listen); });
    if (!session_.once_connected) return;
    try {
        session_.once_connected(*this);
    } catch (const Fault& fault) {
        close();
        impl_->why_closed = fault.what();
        throw;
    }
    impl_->why_closed = "the connection is closed";
}

Rows Connection::guarded(Commits commits, const std::function<void(Rows::Impl&)>& call) {
    if (!open()) throw Fault(FaultKind::outage, "postgres", impl_->why_closed, "08003");
    const auto lost = [&](const std::exception& error) {
        close();
        const auto kind = commits == Commits::here ? FaultKind::in_doubt : FaultKind::outage;
        return Fault(kind, "postgres", trimmed(error.what()), "08006");
    };
    try {
        const auto made = std::make_shared<Rows::Impl>();
        call(*made);
        made->note_cells();
        Rows rows;
        rows.impl_ = made;
        return rows;
    } catch (const pqxx::broken_connection& error) {
        throw lost(error);
    } catch (const pqxx::serialization_failure& error) {
        throw Fault(FaultKind::conflict, "postgres", trimmed(error.what()), "40001");
    } catch (const pqxx::deadlock_detected& error) {
        throw Fault(FaultKind::conflict, "postgres", trimmed(error.what()), "40P01");
    } catch (const pqxx::statement_completion_unknown& error) {
        throw Fault(FaultKind::in_doubt, "postgres", trimmed(error.what()), "40003");
    } catch (const pqxx::sql_error& error) {
        if (!open()) throw lost(error);
        throw Fault(kind_of(error.sqlstate()), "postgres", trimmed(error.what()), error.sqlstate());
    } catch (const pqxx::transaction_rollback& error) {
        throw Fault(FaultKind::conflict, "postgres", trimmed(error.what()), "40000");
    } catch (const pqxx::failure& error) {
        if (!open()) throw lost(error);
        throw Fault(FaultKind::configuration, "postgres", trimmed(error.what()));
    }
}

namespace {

std::vector<const char*> pointers(const Params& params) {
    std::vector<const char*> out;
    out.reserve(params.values().size());
    for (const auto& value : params.values()) out.push_back(value ? value->c_str() : nullptr);
    return out;
}

}  // namespace

Rows Connection::exec(const Statement& statement, const Params& params, Commits commits) {
    return guarded(commits, [&](Rows::Impl& rows) {
        if (impl_->prepared.insert(statement.name).second)
            impl_->connection->prepare(statement.name, statement.text);
        const auto values = pointers(params);
        pqxx::nontransaction now(*impl_->connection);
        rows.result =
            now.exec_prepared(statement.name, pqxx::prepare::make_dynamic_params(values.begin(), values.end()));
    });
}

Rows Connection::query(const std::string& sql, const Params& params, Commits commits) {
    return guarded(commits, [&](Rows::Impl& rows) {
        const auto values = pointers(params);
        pqxx::nontransaction now(*impl_->connection);
        rows.result = now.exec_params(sql, pqxx::prepare::make_dynamic_params(values.begin(), values.end()));
    });
}

void Connection::script(const std::string& sql, Commits commits) {
    guarded(commits, [&](Rows::Impl& rows) {
        pqxx::nontransaction now(*impl_->connection);
        rows.result = now.exec(sql);
    });
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // the class that takes whole lines, in 6.4
void Connection::copy_in(const std::string& table, const std::string& lines) {
    if (lines.empty()) return;
    guarded(Commits::nothing, [&](Rows::Impl&) {
        pqxx::nontransaction now(*impl_->connection);
        pqxx::tablewriter writer(now, table);
        writer.write_raw_line(lines);
        writer.complete();
    });
}
#pragma GCC diagnostic pop

// Members in teardown order.
struct CopyOut::Impl {
    explicit Impl(pqxx::connection& connection, const std::string& query)
        : now(connection), stream(now, "(" + query + ")") {}
    pqxx::nontransaction now;
    pqxx::stream_from stream;
    bool ended = false;
    // Lines are read some at a time: guarding each of them would cost as much as the reading.
    std::array<std::string, 64> lines;
    std::size_t next = 0, count = 0;
};

CopyOut::CopyOut(Connection& connection, const std::string& query) : connection_(connection) {
    connection_.guarded(Commits::nothing,
                        [&](auto&) { impl_ = std::make_unique<Impl>(*connection_.impl_->connection, query); });
}

CopyOut::~CopyOut() {
    if (!impl_->ended) connection_.impl_->connection->disconnect();
    impl_.reset();
    if (!connection_.open()) connection_.close();
}

bool CopyOut::next(std::string& line) {
    Impl& copy = *impl_;
    if (copy.next == copy.count && !copy.ended) {
        copy.next = copy.count = 0;
        connection_.guarded(Commits::nothing, [&](auto&) {
            while (copy.count < copy.lines.size() && copy.stream.get_raw_line(copy.lines[copy.count])) ++copy.count;
            copy.ended = copy.count < copy.lines.size();
        });
    }
    if (copy.next == copy.count) return false;
    line.swap(copy.lines[copy.next++]);
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return true;
}

bool Connection::wait_for_notification(Milliseconds wait) {
    bool heard = false;
    guarded(Commits::nothing, [&](Rows::Impl&) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
        const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(wait - seconds);
        heard = impl_->connection->await_notification(seconds.count(), rest.count()) > 0;
    });
    return heard;
}

void Connection::begin() {
    script("begin", Commits::nothing);
}
void Connection::commit() {
    script("commit", Commits::here);
}
void Connection::rollback() noexcept {
    try {
        if (open()) script("rollback", Commits::nothing);
    } catch (const Fault&) {
        close();  // whatever state it was in, the server rolls back when the session ends
    }
}

void Connection::forget_statements() {
    for (const auto& name : impl_->prepared)
        guarded(Commits::nothing, [&](Rows::Impl&) { impl_->connection->unprepare(name); });
    impl_->prepared.clear();
}

}  // namespace lantern::postgres
