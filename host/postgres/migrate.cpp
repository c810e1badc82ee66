// lantern.migrations (name, hash, applied_at): one row for each applied migration, and the row "functions" with the
// joint hash of sql/functions.
#include "host/postgres/migrate.hpp"

#include <map>

#include "host/postgres/connection.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

constexpr const char* kFunctions = "functions";

constexpr const char* kRecord =
    "insert into lantern.migrations (name, hash) values ($1, $2)"
    " on conflict (name) do update set hash = excluded.hash, applied_at = now()";

Session patient(const std::string& url) {
    Session session{.url = url, .application_name = "lantern migrate"};
    session.plans = Plans::estimated;
    session.statement_timeout = std::chrono::minutes(30);
    session.lock_timeout = std::chrono::minutes(2);
    session.idle_in_transaction_timeout = std::chrono::minutes(30);
    return session;
}

std::string hash_of(Connection& connection, std::string_view text) {
    return connection.query("select encode(sha256(convert_to($1, 'UTF8')), 'hex')", Params{}.add(text)).text(0, 0);
}

std::string joined_functions() {
    std::string text;
    for (const auto& file : functions()) text.append(file.text).append("\n");
    return text;
}

std::map<std::string, std::string> applied_hashes(Connection& connection) {
    std::map<std::string, std::string> hashes;
    const auto rows = connection.query("select name, hash from lantern.migrations");
    for (std::size_t row = 0; row < rows.size(); ++row) hashes[rows.text(row, 0)] = rows.text(row, 1);
    return hashes;
}

void refuse_unknown(const std::map<std::string, std::string>& applied) {
    for (const auto& [name, hash] : applied) {
        bool known = name == kFunctions;
        for (const auto& file : migrations()) known = known || file.name == name;
        if (!known)
            throw Fault(FaultKind::configuration, "postgres",
                        "the database has migration " + name +
                            ", which this build does not know: it is older than the database; run a newer build");
    }
}

// True when it was missing.
bool apply(Connection& connection, const SqlFile& file, const std::map<std::string, std::string>& applied) {
    const std::string name(file.name);
    const auto hash = hash_of(connection, file.text);
    if (const auto found = applied.find(name); found != applied.end()) {
        if (found->second == hash) return false;
        throw Fault(FaultKind::configuration, "postgres",
                    "migration " + name + " was edited after it was applied (hash " + found->second +
                        " in the database, " + hash +
                        " in this build); restore it and put the change into a new one");
    }
    Transaction transaction(connection);
    connection.script(std::string(file.text), Commits::nothing);
    connection.query(kRecord, Params{}.add(name).add(hash));
    transaction.commit();
    return true;
}

bool apply_functions(Connection& connection, const std::map<std::string, std::string>& applied) {
    const auto text = joined_functions();
    const auto hash = hash_of(connection, text);
    if (const auto found = applied.find(kFunctions); found != applied.end() && found->second == hash) return false;
    Transaction transaction(connection);
    connection.script(text, Commits::nothing);
    connection.query(kRecord, Params{}.add(kFunctions).add(hash));
    transaction.commit();
    return true;
}

}  // namespace

std::vector<std::string> migrate(const std::string& url) {
    Connection connection(patient(url));
    // The lock belongs to the session: it is freed whatever happens below.
    connection.query("select pg_advisory_lock(19521, 1)");
    connection.script(
        "create schema if not exists lantern;"
        "create table if not exists lantern.migrations ("
        "  name text primary key, hash text not null, applied_at timestamptz not null default now());");
    const auto applied = applied_hashes(connection);
    refuse_unknown(applied);
    std::vector<std::string> done;
    for (const auto& file : migrations())
        if (apply(connection, file, applied)) done.emplace_back(file.name);
    if (apply_functions(connection, applied)) done.emplace_back(kFunctions);
    return done;
}

bool migrated(const std::string& url) {
    Connection connection(patient(url));
    if (connection.query("select to_regclass('lantern.migrations')").null(0, 0)) return false;
    const auto applied = applied_hashes(connection);
    refuse_unknown(applied);
    const auto has = [&](const std::string& name, std::string_view text) {
        const auto found = applied.find(name);
        return found != applied.end() && found->second == hash_of(connection, text);
    };
    for (const auto& file : migrations())
        if (!has(std::string(file.name), file.text)) return false;
    return has(kFunctions, joined_functions());
}

}  // namespace lantern::postgres
