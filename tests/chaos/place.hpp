// Where chaos reigns: a PostgreSQL, a RabbitMQ and a mail server, each behind a proxy, and one host with all its
// processes, started again when it dies as a service manager would. For the main thread alone, except where said.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/processes/child.hpp"
#include "tests/chaos/checks.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/proxy.hpp"

namespace lantern::chaos {

class Place {
public:
    // Servers run, the database is migrated; the host does not run yet. Its log goes to `log`.
    explicit Place(std::filesystem::path log);
    ~Place();

    void start_host();
    // Starts again what died without being asked to: the host, the servers.
    void tend();
    // As SIGTERM does it. How it ended.
    processes::Ended stop_host();
    bool ready() const;
    // Processes of the host whose command line holds all words; none: all of them.
    std::vector<pid_t> find(const std::vector<std::string>& words) const;
    // Whatever the host ever started and still runs.
    std::vector<pid_t> orphans() const;
    processes::Finished lantern(std::vector<std::string> words) const;
    // A process of Lantern without a host, as those of the host are but for what is said here.
    std::unique_ptr<processes::Child> start(std::vector<std::string> words,
                                            const std::map<std::string, std::string>& more = {}) const;

    // Directly, past the proxies.  [any thread]
    const std::string& database() const { return database_; }
    test::HttpAnswer http(test::HttpRequest request) const;  // with the token

    // How the recorder `troubled` fails, see recorder.cpp; empty: it does not.
    void trouble(const std::string& how) const;
    // The routing file as it is saved: `usual`, without one type of one handler, with other partitions, or broken.
    enum class Routing { usual, without_turns, more_partitions, broken };
    void save_routing(Routing routing) const;
    void save_routing(const std::string& text) const;
    // A file of chaos' own plugins into the plugin directory.
    void install(const std::string& from, const std::string& as = {}) const;
    // The recorders' plugin file, replaced by another build.
    enum class Build { first, next };
    void put_recorder(Build build) const;
    Mails mails() const;  // key -> how often
    const std::filesystem::path& log() const { return log_; }

    test::Proxy& postgres() { return postgres_; }
    test::Proxy& rabbit() { return rabbit_; }
    test::Proxy& smtp() { return *smtp_; }
    // Servers that are stopped on purpose are not tended.
    bool postgres_wanted = true;
    bool rabbit_wanted = true;

private:
    void start_smtp();
    void configure() const;
    std::map<std::string, std::string> environment() const;

    const std::filesystem::path directory_;
    const std::filesystem::path log_;
    const std::string database_;
    const std::string vhost_;
    const int http_port_;
    test::Proxy postgres_, rabbit_;
    std::unique_ptr<processes::Child> smtp_server_;
    std::unique_ptr<test::Proxy> smtp_;
    std::unique_ptr<processes::Child> host_;
};

}  // namespace lantern::chaos
