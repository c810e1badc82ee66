// A PostgreSQL of one's own on 127.0.0.1. Its superuser is "lantern", with a password that is kept in the
// directory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "host/private_servers/place.hpp"
#include "host/processes/child.hpp"

namespace lantern::private_servers {

class PrivatePostgres {
public:
    struct Options {
        std::filesystem::path directory{};  // absolute; made when it is missing
        Durability durability = Durability::full;
        int connections_max = 200;
    };

    explicit PrivatePostgres(Options options);
    // Ends it at once, as kill -9 would.
    ~PrivatePostgres();

    // Initialises an empty directory, ends what a killed owner left in it, starts the server and returns once it
    // answers. The port stays the same from one start to the next if it is still free. Fault when it does not
    // start.
    void start();
    bool running() { return server_ && server_->running(); }
    // Starts it again if it died. True when it had to.
    bool tend();
    // Lets go of clients, writes everything, ends. Twice is fine.
    void stop();

    // For libpq.
    std::string url(std::string_view database) const;
    void create_database(const std::string& name);
    bool has_database(const std::string& name);
    int port() const { return port_; }
    pid_t pid() const { return server_ ? server_->pid() : -1; }

private:
    void initialise();
    void end_leftovers();
    bool answers();
    std::string sql(const std::string& statement);
    std::filesystem::path data() const { return options_.directory / "data"; }

    Options options_;
    std::string user_;  // of the system
    std::string password_;
    int port_ = 0;
    std::unique_ptr<processes::Child> server_;
};

}  // namespace lantern::private_servers
