// A RabbitMQ node of one's own on 127.0.0.1, with an epmd of its own. Its user is "lantern", with a password that
// is kept in the directory and rights on every vhost.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/private_servers/place.hpp"
#include "host/processes/child.hpp"

namespace lantern::private_servers {

class PrivateRabbit {
public:
    struct Options {
        std::filesystem::path directory{};              // absolute; made when it is missing
        std::vector<std::string> vhosts = {"lantern"};  // made at start
        Durability durability = Durability::full;       // none needs libeatmydata: RabbitMQ itself cannot
        const PrivateRabbit* peer = nullptr;  // a started node, whose cluster this one joins; it outlives this one
    };

    explicit PrivateRabbit(Options options);
    // Ends it at once, as kill -9 would.
    ~PrivateRabbit();

    // Ends what a killed owner left in the directory, starts epmd and the node, and returns once the node answers
    // AMQP (about 6 s). Ports stay the same if they are still free. Fault when it does not start.
    void start();
    bool running() { return node_ && node_->running(); }
    // kill -9.
    void kill();
    // Starts again what died: the node, or epmd, at which a living node registers anew by itself. True when it had
    // to.
    bool tend();
    // Closes connections, writes everything, ends. Twice is fine.
    void stop();

    // rabbitmqctl for this node.
    processes::Finished control(const std::vector<std::string>& words) const;

    std::string url(std::string_view vhost) const;
    std::string name() const;  // of the node
    int port() const { return port_; }
    pid_t pid() const { return node_ ? node_->pid() : -1; }

private:
    void configure();
    void start_epmd();
    std::string cluster() const;
    void end_leftovers();
    std::map<std::string, std::string> environment() const;

    Options options_;
    std::string user_;  // of the system
    std::string password_;
    int port_ = 0;
    int distribution_port_ = 0;
    int epmd_port_ = 0;
    std::unique_ptr<processes::Child> epmd_;
    std::unique_ptr<processes::Child> node_;  // ends before its epmd
};

}  // namespace lantern::private_servers
