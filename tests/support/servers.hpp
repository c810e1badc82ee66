// A private PostgreSQL and a private RabbitMQ for the tests of this process, started at the first call (once each)
// and ended with the process. Call from the main thread, which must live as long as the servers.
#pragma once

#include <filesystem>
#include <string>

namespace lantern::private_servers {
class PrivatePostgres;
class PrivateRabbit;
}  // namespace lantern::private_servers

namespace lantern::test {

// URL, as libpq takes it, of a new empty database.
std::string fresh_database();

// amqp://user:password@127.0.0.1:port/vhost of a vhost that nobody used before.
std::string fresh_vhost();

// For tests that stop and start servers under the code at hand. Ports stay the same.
private_servers::PrivatePostgres& postgres();
private_servers::PrivateRabbit& rabbit();
// Stops it and removes its data: queues, exchanges, messages. Vhosts and users are there again once it is started.
void stop_and_wipe_rabbit();

// A new empty directory that every user can pass, removed with the process.
std::filesystem::path fresh_directory();

}  // namespace lantern::test
