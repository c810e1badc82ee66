// The directory holds: data/ (the cluster), log (the server's output), password and port (mode 0600).
#include "host/private_servers/postgres.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "host/core/fault.hpp"
#include "host/private_servers/place.hpp"
#include "host/processes/leftovers.hpp"

namespace lantern::private_servers {
namespace {

using namespace std::chrono_literals;
using processes::Program;

constexpr auto kStartWithin = 240s;
constexpr auto kProgramWithin = 240s;
constexpr auto kStopWithin = 20s;
constexpr auto kLookEvery = 20ms;

[[noreturn]] void fail(const std::string& what) {
    throw Fault(FaultKind::outage, "private postgres", what);
}

std::string program(const std::string& name) {
    const std::string debian = "/usr/lib/postgresql/15/bin/" + name;
    return access(debian.c_str(), X_OK) == 0 ? debian : name;
}

}  // namespace

PrivatePostgres::PrivatePostgres(Options options) : options_(std::move(options)), user_(service_user("postgres")) {}

PrivatePostgres::~PrivatePostgres() {
    if (!server_ || !server_->running()) return;
    server_->stop(5s, SIGQUIT);
    processes::end_leftovers(options_.directory.string(), data(), 5s);
}

void PrivatePostgres::start() {
    own_directory(options_.directory, user_);
    options_.directory = std::filesystem::canonical(options_.directory);
    password_ = persistent_secret(options_.directory / "password");
    server_.reset();
    end_leftovers();
    if (!std::filesystem::exists(data() / "PG_VERSION")) initialise();

    port_ = persistent_port(options_.directory / "port");
    Program postgres{
        .argv = {program("postgres"), "-D", data().string(), "-p", std::to_string(port_), "-c",
                 "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                 "max_connections=" + std::to_string(options_.connections_max), "-c", "log_line_prefix=%m [%p] "},
        .user = user_,
        .directory = options_.directory,
        .output = options_.directory / "log"};
    if (options_.durability == Durability::none)
        for (const char* setting : {"fsync=off", "full_page_writes=off"})
            postgres.argv.insert(postgres.argv.end(), {"-c", setting});
    postgres.environment[processes::kOwnerVariable] = options_.directory.string();
    server_ = std::make_unique<processes::Child>(postgres);

    const auto until = std::chrono::steady_clock::now() + kStartWithin;
    while (!answers()) {
        if (auto ended = server_->wait(kLookEvery))
            fail("the server ended at start with " + ended->text() + ":\n" + tail(options_.directory / "log"));
        if (std::chrono::steady_clock::now() > until)
            fail("the server does not answer after 60 s:\n" + tail(options_.directory / "log"));
    }
}

bool PrivatePostgres::tend() {
    if (running()) return false;
    start();
    return true;
}

void PrivatePostgres::stop() {
    if (!server_) return;
    server_->stop(kStopWithin, SIGINT);  // "fast": ends sessions, writes a checkpoint
    server_.reset();
    end_leftovers();
}

std::string PrivatePostgres::url(std::string_view database) const {
    return "postgresql://lantern:" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/" +
           std::string(database);
}

void PrivatePostgres::create_database(const std::string& name) {
    sql("create database \"" + name + "\"");
}

bool PrivatePostgres::has_database(const std::string& name) {
    return sql("select 'yes' from pg_database where datname = '" + name + "'").starts_with("yes");
}

void PrivatePostgres::initialise() {
    // A cluster is complete or not there: it is made beside its place and moved.
    const auto unfinished = options_.directory / "data.new";
    std::filesystem::remove_all(unfinished);
    const auto password_file = options_.directory / "initial_password";
    write_private_file(password_file, password_ + "\n", user_);
    Program initdb{.argv = {program("initdb"), "-D", unfinished.string(), "-U", "lantern", "-A", "scram-sha-256",
                            "--pwfile", password_file.string(), "-E", "UTF8", "--locale", "C.UTF-8"},
                   .user = user_,
                   .directory = options_.directory};
    if (options_.durability == Durability::none) initdb.argv.push_back("--no-sync");
    const auto finished = processes::run(initdb, kProgramWithin);
    std::filesystem::remove(password_file);
    if (!finished.ended.clean()) fail("initdb: " + finished.ended.text() + ":\n" + finished.output);
    std::filesystem::rename(unfinished, data());
}

void PrivatePostgres::end_leftovers() {
    if (!processes::end_leftovers(options_.directory.string(), data(), 60s))
        fail("processes of an earlier run in " + options_.directory.string() + " cannot be ended");
    std::filesystem::remove(data() / "postmaster.pid");
}

bool PrivatePostgres::answers() {
    const auto finished =
        processes::run({.argv = {program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)}}, 5s);
    return finished.ended.clean();
}

std::string PrivatePostgres::sql(const std::string& statement) {
    Program psql{.argv = {program("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                          std::to_string(port_), "-U", "lantern", "-d", "postgres", "-c", statement}};
    psql.environment["PGPASSWORD"] = password_;
    const auto finished = processes::run(psql, kProgramWithin);
    if (!finished.ended.clean()) fail(statement + ": " + finished.output);
    return finished.output;
}

}  // namespace lantern::private_servers
