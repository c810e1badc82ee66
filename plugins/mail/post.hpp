// Where a message goes: to a server by SMTP, or into a folder as a file. One thread each.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include <lantern/outcome.hpp>

#include "message.hpp"

namespace mail {

class Post {
public:
    virtual ~Post() = default;
    // Applied, or retry, rejected or unavailable with the reason.
    virtual lantern::Outcome send(const Message& message, std::chrono::milliseconds time_limit) = 0;
};

struct SmtpSettings {
    enum class Tls { none, attempt, required };  // attempt: STARTTLS if the server offers it

    std::string url;                 // smtp://host:port or smtps://host:port
    std::string username, password;  // may be empty
    Tls tls = Tls::attempt;
};

// Keeps its connection for the next message. Throws std::invalid_argument on another kind of URL.
std::unique_ptr<Post> smtp_post(SmtpSettings settings);

// <key>.eml appears whole or not at all; the same key again replaces it. Makes the folder if it is missing.
std::unique_ptr<Post> folder_post(std::filesystem::path folder);

}  // namespace mail
