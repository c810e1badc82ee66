#include "tests/support/dev_instance.hpp"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

namespace lantern::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kVerbWithin = 480s;

std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
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
    // Waits longer than Lantern does: whose locks it wants may wait for a slow disk.
    postgres::Connection connection(
        {.url = endpoint("postgres_url") + "?connect_timeout=60", .statement_timeout = 300s, .lock_timeout = 120s});
    return connection.query(statement);
}

std::vector<pid_t> DevInstance::tree() const {
    return test::tree(dev_pid());
}

std::vector<pid_t> DevInstance::find(const std::vector<std::string>& words) const {
    return find_processes(tree(), words);
}

std::string id_of(const HttpAnswer& created) {
    return std::string(boost::json::parse(created.body).at("id").as_string());
}

}  // namespace lantern::test
