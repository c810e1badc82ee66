#include "tests/chaos/place.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "host/private_servers/place.hpp"
#include "host/private_servers/postgres.hpp"
#include "host/private_servers/rabbit.hpp"
#include "host/processes/leftovers.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process_tree.hpp"
#include "tests/support/servers.hpp"

namespace lantern::chaos {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kVerbWithin = 240s;
constexpr auto kStopWithin = 240s;
constexpr const char* kToken = "a-token-for-chaos-alone";

// Every kind of handler: projections of the bundled domain, a side effect, a recorder that never fails, and one
// that fails as it is told.
constexpr const char* kRouting = R"(version: 1
events:
  USER_CREATED:     [user_read_model, welcome_email, audit_log, steady]
  USER_UPDATED:     [user_read_model, audit_log, steady]
  USER_DELETED:     [user_read_model, audit_log, steady]
  CHAOS_STEP:       [steady, troubled]
  CHAOS_TURN:       [steady, troubled]
handlers:
  steady: {plugin: chaos_recorder, concurrency: 2}
  troubled:
    plugin: chaos_recorder
    partitions: 2
    time_limit: 4s
    retry: {attempts: 5, initial: 100ms, max: 1s}
    settings: {trouble: "TROUBLE"}
  welcome_email:
    concurrency: 2
    retry: {attempts: 8, initial: 100ms, max: 1s}
    settings: {from: welcome@example.com, smtp_url: "SMTP"}
)";

std::string content(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string with(std::string text, const std::string& word, const std::string& value) {
    return text.replace(text.find(word), word.size(), value);
}

}  // namespace

Place::Place(fs::path log)
    : directory_(test::fresh_directory()),
      log_(std::move(log)),
      database_(test::fresh_database()),
      vhost_(test::fresh_vhost()),
      http_port_(private_servers::free_port()),
      postgres_(test::postgres().port()),
      rabbit_(test::rabbit().port()) {
    fs::create_directories(log_.parent_path());
    fs::remove(log_);
    start_smtp();
    configure();
    const auto migrated = lantern({"migrate"});
    if (!migrated.ended.clean()) throw std::runtime_error("lantern migrate: " + migrated.output);
}

Place::~Place() {
    host_.reset();
    processes::end_leftovers(directory_.string(), {}, 10s);
}

void Place::start_smtp() {
    const auto folder = directory_ / "smtp";
    fs::create_directory(folder);
    smtp_server_ = std::make_unique<processes::Child>(
        processes::Program{.argv = {"/usr/bin/python3", SMTP_SERVER, folder.string()}, .output = folder / "log"});
    if (!test::eventually([&] { return fs::exists(folder / "port"); }))
        throw std::runtime_error("the mail server does not start: " + content(folder / "log"));
    smtp_ = std::make_unique<test::Proxy>(std::atoi(content(folder / "port").c_str()));
}

void Place::configure() const {
    fs::copy(fs::path(SOURCE_DIRECTORY) / "config", directory_ / "config", fs::copy_options::recursive);
    save_routing(Routing::usual);
    fs::create_directory(directory_ / "plugins");
    for (const auto& entry : fs::directory_iterator(PLUGIN_DIRECTORY))
        if (entry.path().extension() == ".so")
            fs::copy_file(entry.path(), directory_ / "plugins" / entry.path().filename());
    put_recorder(Build::first);
}

void Place::save_routing(Routing routing) const {
    std::string text = with(kRouting, "TROUBLE", (directory_ / "trouble").string());
    text = with(text, "SMTP", "smtp://127.0.0.1:" + std::to_string(smtp_->port()));
    if (routing == Routing::without_turns) text = with(text, "CHAOS_TURN:       [steady, ", "CHAOS_TURN:       [");
    if (routing == Routing::more_partitions) text = with(text, "partitions: 2", "partitions: 5");
    if (routing == Routing::broken) text = with(text, "time_limit: 4s", "time_limit: soon");
    save_routing(text);
}

void Place::save_routing(const std::string& text) const {
    const auto file = directory_ / "config" / "routing.yaml";
    std::ofstream(file.string() + ".new") << text;
    fs::rename(file.string() + ".new", file);
}

void Place::put_recorder(Build build) const {
    install(build == Build::first ? "chaos_recorder.so" : "chaos_recorder_next.so", "chaos_recorder.so");
}

void Place::install(const std::string& from, const std::string& as) const {
    const auto file = directory_ / "plugins" / (as.empty() ? from : as);
    fs::copy_file(fs::path(CHAOS_PLUGIN_DIRECTORY) / from, file.string() + ".new");
    fs::rename(file.string() + ".new", file);
}

std::map<std::string, std::string> Place::environment() const {
    return {{processes::kOwnerVariable, directory_.string()},
            {"LANTERN_POSTGRES_URL", test::through(database_, test::postgres().port(), postgres_)},
            {"LANTERN_AMQP_URL", test::through(vhost_, test::rabbit().port(), rabbit_)},
            {"LANTERN_HTTP_ADDRESS", "127.0.0.1"},
            {"LANTERN_HTTP_PORT", std::to_string(http_port_)},
            {"LANTERN_METRICS_PORT", "0"},
            {"LANTERN_ADMIN_TOKEN", kToken},
            {"LANTERN_CACHE_DIR", (directory_ / "cache").string()}};
}

void Place::start_host() {
    fs::remove(directory_ / "ready");
    host_ = std::make_unique<processes::Child>(processes::Program{
        .argv = {LANTERN_BINARY, "host", "--config", (directory_ / "config").string(), "--plugins",
                 (directory_ / "plugins").string(), "--ready-file", (directory_ / "ready").string(), "--alone"},
        .environment = environment(),
        .output = log_});
}

std::unique_ptr<processes::Child> Place::start(std::vector<std::string> words,
                                               const std::map<std::string, std::string>& more) const {
    words.insert(words.begin(), LANTERN_BINARY);
    words.insert(words.end(),
                 {"--config", (directory_ / "config").string(), "--plugins", (directory_ / "plugins").string()});
    auto variables = environment();
    for (const auto& [name, value] : more) variables[name] = value;
    return std::make_unique<processes::Child>(
        processes::Program{.argv = words, .environment = variables, .output = log_});
}

void Place::tend() {
    if (postgres_wanted) test::postgres().tend();
    if (rabbit_wanted) test::rabbit().tend();
    if (host_->running()) return;
    processes::end_leftovers(directory_.string(), {}, 10s);
    start_host();
}

processes::Ended Place::stop_host() {
    return host_->stop(kStopWithin);
}

bool Place::ready() const {
    return fs::exists(directory_ / "ready");
}

std::vector<pid_t> Place::find(const std::vector<std::string>& words) const {
    return test::find_processes(test::tree(host_->pid()), words);
}

std::vector<pid_t> Place::orphans() const {
    return processes::leftovers(directory_.string(), {});
}

processes::Finished Place::lantern(std::vector<std::string> words) const {
    words.insert(words.begin(), LANTERN_BINARY);
    words.insert(words.end(),
                 {"--config", (directory_ / "config").string(), "--plugins", (directory_ / "plugins").string()});
    auto variables = environment();
    variables["LANTERN_POSTGRES_URL"] = database_;
    return processes::run({.argv = words, .environment = variables}, kVerbWithin);
}

test::HttpAnswer Place::http(test::HttpRequest request) const {
    request.headers["Authorization"] = std::string("Bearer ") + kToken;
    return test::http("http://127.0.0.1:" + std::to_string(http_port_), request);
}

void Place::trouble(const std::string& how) const {
    const auto file = directory_ / "trouble";
    if (how.empty()) {
        fs::remove(file);
        return;
    }
    std::ofstream(directory_ / "trouble.new") << how << "\n";
    fs::rename(directory_ / "trouble.new", file);
}

Mails Place::mails() const {
    Mails mails;
    for (const auto& entry : fs::directory_iterator(directory_ / "smtp")) {
        if (entry.path().extension() != ".json" || entry.path().filename().string().starts_with(".")) continue;
        const auto mail = boost::json::parse(content(entry.path()));
        const std::string text(mail.at("content").as_string());
        const auto begin = text.find("Message-ID: <");
        const auto end = text.find('@', begin);
        ++mails[begin == std::string::npos ? "(none)" : text.substr(begin + 13, end - begin - 13)];
    }
    return mails;
}

}  // namespace lantern::chaos
