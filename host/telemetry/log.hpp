// Structured log lines on stderr, or on the descriptor that LANTERN_LOG_DESCRIPTOR names (a host's child whose
// stderr is captured): text on a terminal, one JSON object a line otherwise. A Log is a value that is handed down;
// with() gives one whose every line carries more fields (handler, event, attempt, ...). What a line says is made
// safe: control characters and invalid UTF-8 can neither break a line nor forge one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "host/core/settings.hpp"

namespace lantern::telemetry {

enum class Level { debug, info, warn, error };

struct Field {
    using Content = std::variant<std::string, std::int64_t, double, bool>;

    template <class T>
    Field(std::string_view field_name, const T& content) : name(field_name), value(wrap(content)) {}

    std::string name;
    Content value;

private:
    template <class T>
    static Content wrap(const T& content) {
        if constexpr (std::is_same_v<T, bool>) {
            return content;
        } else if constexpr (std::is_integral_v<T>) {
            return static_cast<std::int64_t>(content);
        } else if constexpr (std::is_floating_point_v<T>) {
            return static_cast<double>(content);
        } else {
            return std::string(content);
        }
    }
};

using Fields = std::vector<Field>;

class Log {
public:
    // Takes a finished line, without its line end.
    using Output = std::function<void(std::string_view line)>;

    explicit Log(const LogSettings& settings);        // to stderr, or where the environment says
    Log(const LogSettings& settings, Output output);  // "automatic" is JSON here
    static Log silent();

    Log with(Fields fields) const;

    // Any thread; lines never mix.
    void debug(std::string_view message, const Fields& fields = {}) const;
    void info(std::string_view message, const Fields& fields = {}) const;
    void warn(std::string_view message, const Fields& fields = {}) const;
    void error(std::string_view message, const Fields& fields = {}) const;
    void write(Level level, std::string_view message, const Fields& fields = {}) const;

    bool writes(Level level) const;

private:
    class Sink;
    explicit Log(std::shared_ptr<Sink> sink);

    std::shared_ptr<Sink> sink_;  // shared by all that with() made of one Log
    Fields fields_;
};

}  // namespace lantern::telemetry
