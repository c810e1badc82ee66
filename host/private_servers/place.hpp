// What both servers need of their surroundings: a directory that belongs to the right user, a free port, secrets.
#pragma once

#include <filesystem>
#include <string>

namespace lantern::private_servers {

enum class Durability {
    full,  // survives the machine's death
    none,  // no fsync, so that a slow disk holds nothing up: for tests
};

// `wanted` when we are root, otherwise empty: run as we are.
std::string service_user(const std::string& wanted);

// Makes the directory with mode 0750, owned by `user` (empty: us). Fault(configuration) when a parent does not let
// that user through, with the parent and the remedy.
void own_directory(const std::filesystem::path& directory, const std::string& user);

// Writes the whole file or nothing; mode 0600, owned by `user`.
void write_private_file(const std::filesystem::path& file, const std::string& content, const std::string& user);
// The trimmed content; empty when there is no such file.
std::string read_file(const std::filesystem::path& file);

// 32 hexadecimal digits from the kernel.
std::string random_secret();
// The secret in `file`, made at the first call.
std::string persistent_secret(const std::filesystem::path& file);

bool port_is_free(int port);
// On the loopback, outside the range from which the kernel takes ports of outgoing connections. No other process
// gets it from here while this one lives: some seconds go by until a server listens.
int free_port();
// The port in `file` if it is free, otherwise a free one, written there.
int persistent_port(const std::filesystem::path& file);

// The last lines of a log, for messages about a server that did not start.
std::string tail(const std::filesystem::path& log);

}  // namespace lantern::private_servers
