// What an object of a projection or side effect is made with, if it has a constructor that takes it.
#pragma once

#include <chrono>
#include <string_view>

#include <lantern/json.hpp>

namespace lantern {
inline namespace sdk_v1 {

// Structured log lines; the host adds handler, event id and attempt.  [any thread]
class Log {
public:
    Log() = default;
    explicit Log(const lantern_log_v1* abi) : abi_(abi) {}

    void debug(std::string_view message) const { write(LANTERN_DEBUG, message); }
    void info(std::string_view message) const { write(LANTERN_INFO, message); }
    void warn(std::string_view message) const { write(LANTERN_WARN, message); }
    void error(std::string_view message) const { write(LANTERN_ERROR, message); }

private:
    void write(lantern_level level, std::string_view message) const {
        if (abi_) abi_->write(abi_->context, level, borrow(message));
    }

    const lantern_log_v1* abi_ = nullptr;
};

// How long the call in hand may still take. Past it, return retry: the worker is ended some time after.
// [worker thread, inside a call]
class Deadline {
public:
    Deadline() = default;
    explicit Deadline(const lantern_deadline_v1* abi) : abi_(abi) {}

    // Negative past it; microseconds::max() where there is none.
    std::chrono::microseconds left() const {
        return abi_ ? std::chrono::microseconds(abi_->left_us(abi_->context)) : std::chrono::microseconds::max();
    }
    bool passed() const { return left().count() < 0; }

private:
    const lantern_deadline_v1* abi_ = nullptr;
};

class Setup {
public:
    Setup(const lantern_host* host, std::string_view settings) : host_(host), settings_(parse_object(settings)) {}

    const json::object& settings() const { return settings_; }  // checked against the plugin's own JSON Schema
    Log log() const { return Log(service<lantern_log_v1>("lantern.log/1")); }
    Deadline deadline() const { return Deadline(service<lantern_deadline_v1>("lantern.deadline/1")); }

    // An interface of the host by its id; nullptr when this host does not have it. Valid while the plugin is
    // loaded.
    template <class Interface>
    const Interface* service(std::string_view id) const {
        if (!host_ || !host_->service) return nullptr;
        return static_cast<const Interface*>(host_->service(host_->context, borrow(id)));
    }

private:
    const lantern_host* host_;
    json::object settings_;
};

}  // namespace sdk_v1
}  // namespace lantern
