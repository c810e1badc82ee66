// The directory holds: data/ (the node's database), log and node.log, rabbitmq.conf and definitions.json (written
// at each start), .erlang.cookie, password and the three ports.
#include "host/private_servers/rabbit.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>

#include "host/core/fault.hpp"
#include "host/private_servers/place.hpp"
#include "host/processes/leftovers.hpp"

namespace lantern::private_servers {
namespace {

using namespace std::chrono_literals;
using processes::Program;

constexpr auto kStartWithin = 240s;
constexpr auto kStopWithin = 30s;
constexpr auto kLookEvery = 50ms;
constexpr auto kControlWithin = 120s;
constexpr const char* kControl = "/usr/lib/rabbitmq/bin/rabbitmqctl";
constexpr const char* kServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";  // not Debian's wrapper: it wants root

[[noreturn]] void fail(const std::string& what) {
    throw Fault(FaultKind::outage, "private rabbitmq", what);
}

// A node that speaks AMQP answers the protocol header with a method frame; one that only listens says nothing.
bool answers(int port) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    bool yes = false;
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        const char header[] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
        char first = 0;
        pollfd wanted{client, POLLIN, 0};
        yes = ::send(client, header, sizeof header, MSG_NOSIGNAL) == sizeof header && poll(&wanted, 1, 2000) > 0 &&
              ::recv(client, &first, 1, 0) == 1 && first == 1;
    }
    ::close(client);
    return yes;
}

std::string definitions(const std::string& password, const std::vector<std::string>& vhosts) {
    boost::json::array names, permissions;
    for (const auto& vhost : vhosts) {
        names.emplace_back(boost::json::object{{"name", vhost}});
        permissions.emplace_back(boost::json::object{
            {"user", "lantern"}, {"vhost", vhost}, {"configure", ".*"}, {"write", ".*"}, {"read", ".*"}});
    }
    boost::json::array users;
    users.emplace_back(boost::json::object{{"name", "lantern"}, {"password", password}, {"tags", "administrator"}});
    return boost::json::serialize(
        boost::json::object{{"users", users}, {"vhosts", names}, {"permissions", permissions}});
}

}  // namespace

PrivateRabbit::PrivateRabbit(Options options) : options_(std::move(options)), user_(service_user("rabbitmq")) {}

PrivateRabbit::~PrivateRabbit() {
    if (!epmd_ && !node_) return;  // never started
    node_.reset();
    epmd_.reset();
    processes::end_leftovers(options_.directory.string(), {}, 5s);
}

void PrivateRabbit::start() {
    own_directory(options_.directory, user_);
    options_.directory = std::filesystem::canonical(options_.directory);
    password_ = options_.peer ? options_.peer->password_ : persistent_secret(options_.directory / "password");
    node_.reset();
    epmd_.reset();
    end_leftovers();
    port_ = persistent_port(options_.directory / "port");
    distribution_port_ = persistent_port(options_.directory / "distribution_port");
    epmd_port_ = options_.peer ? options_.peer->epmd_port_ : persistent_port(options_.directory / "epmd_port");
    configure();

    if (!options_.peer) start_epmd();
    const auto directory = options_.directory;
    node_ = std::make_unique<processes::Child>(Program{.argv = {kServer},
                                                       .environment = environment(),
                                                       .inherit = Program::Inherit::nothing,
                                                       .user = user_,
                                                       .directory = directory,
                                                       .output = directory / "log"});
    const auto until = std::chrono::steady_clock::now() + kStartWithin;
    while (!answers(port_)) {
        if (auto ended = node_->wait(kLookEvery))
            fail("the node ended at start with " + ended->text() + ":\n" + tail(directory / "log"));
        if (std::chrono::steady_clock::now() > until)
            fail("the node does not answer after 240 s:\n" + tail(directory / "log"));
    }
}

bool PrivateRabbit::tend() {
    if (!running()) {
        start();
        return true;
    }
    if (!epmd_ || epmd_->running()) return false;
    start_epmd();
    return true;
}

void PrivateRabbit::stop() {
    if (node_) node_->stop(kStopWithin);
    node_.reset();
    if (epmd_) epmd_->stop(1s);
    epmd_.reset();
    if (!password_.empty()) end_leftovers();
}

void PrivateRabbit::kill() {
    node_.reset();
}

processes::Finished PrivateRabbit::control(const std::vector<std::string>& words) const {
    Program program{.argv = {kControl, "-n", name()},
                    .environment = environment(),
                    .inherit = Program::Inherit::nothing,
                    .user = user_,
                    .directory = options_.directory};
    program.argv.insert(program.argv.end(), words.begin(), words.end());
    return processes::run(program, kControlWithin);
}

std::string PrivateRabbit::name() const {
    return "lantern-" + std::to_string(port_) + "@localhost";
}

std::string PrivateRabbit::url(std::string_view vhost) const {
    return "amqp://lantern:" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/" + std::string(vhost);
}

void PrivateRabbit::start_epmd() {
    const auto directory = options_.directory;
    epmd_ = std::make_unique<processes::Child>(
        Program{.argv = {"epmd", "-address", "127.0.0.1", "-port", std::to_string(epmd_port_)},
                .environment = environment(),
                .inherit = Program::Inherit::nothing,
                .user = user_,
                .directory = directory,
                .output = directory / "log"});
}

void PrivateRabbit::configure() {
    const auto& directory = options_.directory;
    const auto definitions_file = directory / "definitions.json";
    write_private_file(definitions_file, definitions(password_, options_.vhosts), user_);
    write_private_file(directory / "rabbitmq.conf",
                       "listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) +
                           "\ndefault_user = lantern\ndefault_pass = " + password_ + "\ndefault_vhost = " +
                           options_.vhosts.at(0) + "\nload_definitions = " + definitions_file.string() +
                           "\nlog.file.level = info\ndisk_free_limit.absolute = 50MB\n" + cluster(),
                       user_);
    for (const char* empty : {"enabled_plugins", "advanced.config"})
        write_private_file(directory / empty, "[].\n", user_);
    write_private_file(directory / "environment", "", user_);
    own_directory(directory / "conf.d", user_);
    own_directory(directory / "data", user_);
    const auto& cookie_of = options_.peer ? options_.peer->options_.directory : directory;
    write_private_file(directory / ".erlang.cookie", persistent_secret(cookie_of / "cookie"), user_);
    std::filesystem::permissions(directory / ".erlang.cookie", std::filesystem::perms::owner_read);
}

// A node without data joins one of these.
std::string PrivateRabbit::cluster() const {
    if (!options_.peer) return "";
    return "cluster_formation.peer_discovery_backend = classic_config\ncluster_formation.classic_config.nodes.1 "
           "= " +
           options_.peer->name() + "\ncluster_formation.classic_config.nodes.2 = " + name() + "\n";
}

void PrivateRabbit::end_leftovers() {
    if (!processes::end_leftovers(options_.directory.string(), {}, 60s))
        fail("processes of an earlier run in " + options_.directory.string() + " cannot be ended");
}

// Nothing of the machine's own RabbitMQ may be read or written: every place that it would look at is named.
std::map<std::string, std::string> PrivateRabbit::environment() const {
    const auto& directory = options_.directory;
    const auto in = [&](const char* name) { return (directory / name).string(); };
    return {
        {"LD_PRELOAD", options_.durability == Durability::none ? "libeatmydata.so" : ""},
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"LANG", "C.UTF-8"},
        {"HOME", directory.string()},
        {processes::kOwnerVariable, directory.string()},
        // The start script then becomes the node instead of waiting for it; it knows this way only under systemd.
        {"RUNNING_UNDER_SYSTEMD", "true"},
        {"ERL_EPMD_ADDRESS", "127.0.0.1"},
        {"ERL_EPMD_PORT", std::to_string(epmd_port_)},
        {"ERL_CRASH_DUMP_SECONDS", "0"},
        {"RABBITMQ_NODENAME", name()},
        {"RABBITMQ_NODE_PORT", std::to_string(port_)},
        {"RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"},
        {"RABBITMQ_DIST_PORT", std::to_string(distribution_port_)},
        {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"},
        {"RABBITMQ_CONF_ENV_FILE", in("environment")},
        {"RABBITMQ_CONFIG_FILE", in("rabbitmq.conf")},
        {"RABBITMQ_CONFIG_FILES", in("conf.d")},
        {"RABBITMQ_ADVANCED_CONFIG_FILE", in("advanced.config")},
        {"RABBITMQ_ENABLED_PLUGINS_FILE", in("enabled_plugins")},
        {"RABBITMQ_MNESIA_BASE", in("data")},
        {"RABBITMQ_MNESIA_DIR", in("data") + "/node"},
        {"RABBITMQ_GENERATED_CONFIG_DIR", in("data") + "/config"},
        {"RABBITMQ_PID_FILE", in("data") + "/pid"},
        {"RABBITMQ_LOG_BASE", directory.string()},
        {"RABBITMQ_LOGS", in("node.log")},
    };
}

}  // namespace lantern::private_servers
