#include "tests/support/dev_instance.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

namespace lantern::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kVerbWithin = 240s;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();  // a process that ends between opening and reading makes this fail, not throw
    return text.str();
}

// Field 4 of /proc/PID/stat; the name before it may hold spaces and parentheses.
pid_t parent_of(const std::filesystem::path& process) {
    const std::string stat = content(process / "stat");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || stat.size() < name_end + 4 || stat[name_end + 2] == 'Z') return 0;
    return std::atoi(stat.c_str() + name_end + 4);
}

std::map<pid_t, pid_t> parents() {
    std::map<pid_t, pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const pid_t pid = std::atoi(entry.path().filename().c_str());
        if (pid > 0)
            if (const pid_t parent = parent_of(entry.path())) found[pid] = parent;
    }
    return found;
}

}  // namespace

DevInstance::DevInstance(Place place) : place_(std::move(place)) {}

DevInstance::~DevInstance() {
    stop();
}

processes::Finished DevInstance::start() {
    std::vector<std::string> words{"dev", "--detach"};
    if (!place_.config.empty()) words.insert(words.end(), {"--config", place_.config.string()});
    if (!place_.plugins.empty()) words.insert(words.end(), {"--plugins", place_.plugins.string()});
    return lantern(words);
}

processes::Finished DevInstance::stop() {
    return lantern({"dev", "--stop"});
}

processes::Finished DevInstance::lantern(std::vector<std::string> words) const {
    words.insert(words.begin(), LANTERN_BINARY);
    words.insert(words.end(), {"--data", place_.data.string()});
    return processes::run({.argv = words}, kVerbWithin);
}

std::string DevInstance::endpoint(const std::string& name) const {
    const auto text = content(place_.data / "endpoints.json");
    if (text.empty()) return {};
    const auto value = boost::json::parse(text).at(name);
    return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

pid_t DevInstance::dev_pid() const {
    return std::atoi(endpoint("dev_pid").c_str());
}

HttpAnswer DevInstance::http(HttpRequest request) const {
    request.headers["Authorization"] = "Bearer " + endpoint("admin_token");
    return test::http(endpoint("http_url"), request);
}

HttpAnswer DevInstance::create_user(const std::string& username) const {
    const boost::json::object body{{"username", username},
                                   {"email", username + "@example.com"},
                                   {"first_name", "Sarah"},
                                   {"last_name", "Miller"},
                                   {"password", "correct horse"}};
    return http({.method = "POST", .path = "/v1/users/", .body = boost::json::serialize(body)});
}

postgres::Rows DevInstance::sql(const std::string& statement) const {
    postgres::Connection connection({.url = endpoint("postgres_url")});
    return connection.query(statement);
}

std::vector<pid_t> DevInstance::tree() const {
    const auto parent = parents();
    const pid_t root = dev_pid();
    std::vector<pid_t> found;
    for (const auto& [pid, direct] : parent)
        for (pid_t above = pid; above > 1; above = parent.contains(above) ? parent.at(above) : 0)
            if (above == root) {
                found.push_back(pid);
                break;
            }
    return found;
}

std::vector<pid_t> DevInstance::find(const std::vector<std::string>& words) const {
    std::vector<pid_t> found;
    for (const pid_t pid : tree()) {
        std::string line = content("/proc/" + std::to_string(pid) + "/cmdline");
        std::replace(line.begin(), line.end(), '\0', ' ');
        const bool all = std::all_of(words.begin(), words.end(),
                                     [&](const auto& word) { return line.find(word) != std::string::npos; });
        if (all) found.push_back(pid);
    }
    return found;
}

bool alive(pid_t pid) {
    return parent_of("/proc/" + std::to_string(pid)) != 0;
}

std::string id_of(const HttpAnswer& created) {
    return std::string(boost::json::parse(created.body).at("id").as_string());
}

}  // namespace lantern::test
