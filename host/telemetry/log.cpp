#include "host/telemetry/log.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

#include "host/core/clock.hpp"
#include "host/telemetry/line.hpp"

namespace lantern::telemetry {
namespace {

Level level_of(const std::string& name) {
    if (name == "debug") return Level::debug;
    if (name == "warn") return Level::warn;
    if (name == "error") return Level::error;
    return Level::info;
}

spdlog::level::level_enum translated(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// Hands finished lines to a function, one at a time.
class OutputSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit OutputSink(Log::Output output) : output_(std::move(output)) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        output_(std::string_view(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}

private:
    Log::Output output_;
};

int log_descriptor() {
    const char* given = std::getenv("LANTERN_LOG_DESCRIPTOR");
    if (!given) return STDERR_FILENO;
    const int descriptor = std::atoi(given);
    // Not handed over to us: the variable was meant for who started us.
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 ? descriptor : STDERR_FILENO;
}

// In one piece, so that lines of several processes don't mix.
void write_line(int descriptor, std::string_view line) {
    std::string text(line);
    text += '\n';
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t written = ::write(descriptor, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // nobody takes it any more
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

class Log::Sink {
public:
    Sink(std::shared_ptr<spdlog::sinks::sink> to, Level least, LogSettings::Format format)
        : logger_("lantern", std::move(to)), json_(format == LogSettings::Format::json) {
        logger_.set_pattern("%v");
        logger_.set_level(translated(least));
        logger_.flush_on(spdlog::level::trace);  // a line that is written survives kill -9
    }

    void write(const Line& line) {
        const std::string text = json_ ? as_json(line) : as_text(line);
        logger_.log(translated(line.level), spdlog::string_view_t(text));
    }

    bool writes(Level level) const { return logger_.should_log(translated(level)); }

private:
    spdlog::logger logger_;
    const bool json_;
};

Log::Log(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

Log::Log(const LogSettings& settings) {
    const int descriptor = log_descriptor();
    auto format = settings.format;
    if (format == LogSettings::Format::automatic) {
        format = ::isatty(descriptor) == 1 ? LogSettings::Format::text : LogSettings::Format::json;
    }
    std::shared_ptr<spdlog::sinks::sink> to;
    if (descriptor == STDERR_FILENO) {
        to = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        to = std::make_shared<OutputSink>([descriptor](std::string_view line) { write_line(descriptor, line); });
    }
    sink_ = std::make_shared<Sink>(std::move(to), level_of(settings.level), format);
}

Log::Log(const LogSettings& settings, Output output) {
    const auto format =
        settings.format == LogSettings::Format::automatic ? LogSettings::Format::json : settings.format;
    sink_ =
        std::make_shared<Sink>(std::make_shared<OutputSink>(std::move(output)), level_of(settings.level), format);
}

Log Log::silent() {
    return Log(std::shared_ptr<Sink>());
}

Log Log::with(Fields fields) const {
    Log more(sink_);
    more.fields_ = fields_;
    for (auto& field : fields) more.fields_.push_back(std::move(field));
    return more;
}

void Log::debug(std::string_view message, const Fields& fields) const {
    write(Level::debug, message, fields);
}
void Log::info(std::string_view message, const Fields& fields) const {
    write(Level::info, message, fields);
}
void Log::warn(std::string_view message, const Fields& fields) const {
    write(Level::warn, message, fields);
}
void Log::error(std::string_view message, const Fields& fields) const {
    write(Level::error, message, fields);
}

void Log::write(Level level, std::string_view message, const Fields& fields) const {
    if (!writes(level)) return;
    Line line{SystemClock().now(), level, message, {}};
    for (const auto& field : fields_) line.fields.push_back(&field);
    for (const auto& field : fields) line.fields.push_back(&field);
    sink_->write(line);
}

bool Log::writes(Level level) const {
    return sink_ && sink_->writes(level);
}

}  // namespace lantern::telemetry
