#include "host/apps/command_verb.hpp"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdlib>
#include <future>
#include <iostream>

#include "host/apps/operator_name.hpp"
#include "host/apps/serve/aggregates.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/postgres/store/store.hpp"
#include "host/security/hashing_pool.hpp"
#include "host/security/secrets.hpp"

namespace lantern::apps {
namespace {

using command::Answer;
using Values = std::map<std::string, std::string>;  // by field

// "users create-admin" of `lantern users create-admin --username root`.
std::string words_before_options(int argc, char** argv) {
    std::string words;
    for (int n = 1; n < argc && argv[n][0] != '-'; ++n) words += (words.empty() ? "" : " ") + std::string(argv[n]);
    return words;
}

// What follows an option, looked up before it is known which options there are.
std::string following(int argc, char** argv, const std::string& option) {
    for (int n = 1; n < argc; ++n) {
        const std::string word = argv[n];
        if (word == option && n + 1 < argc) return argv[n + 1];
        if (word.starts_with(option + "=")) return word.substr(option.size() + 1);
    }
    return {};
}

std::string typed_secret(const std::string& field) {
    termios shown{};
    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        std::string line;  // a pipe
        std::getline(std::cin, line);
        return line;
    }
    auto hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    std::cerr << field << ": " << std::flush;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    std::string line;
    std::getline(std::cin, line);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    std::cerr << std::endl;
    return line;
}

std::string secret_of(const std::string& field) {
    std::string variable = "LANTERN_" + field;
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    const char* given = std::getenv(variable.c_str());
    return given ? given : typed_secret(field);
}

class NoHeads final : public command::Heads {
public:
    Revision newest(const std::string&, const std::string&) override { return {}; }
    void note(const std::string&, const std::string&, Revision) override {}
};

// A command path of one command, straight on the store: it needs no api, so it can make the first administrator.
class Errand {
public:
    Errand(const Instance& at, const Settings& settings)
        : aggregates_(load_aggregates(plugins_of(settings, at.cache_directory(), quiet(settings)), settings,
                                      quiet(settings))),
          store_(settings.postgres_url) {}

    bool holds(const CommandVerb& verb, const std::string& typed) {
        const auto found = aggregates_.find(verb.aggregate);
        if (found == aggregates_.end())
            throw Fault(FaultKind::configuration, verb.name, "no plugin for the aggregate " + verb.aggregate);
        const auto key = found->second.aggregate->lookup_key(verb.key, typed);
        if (!key) throw Fault(FaultKind::configuration, verb.name, key.error());
        return store_.holder(verb.aggregate, {verb.key, key.value()}).has_value();
    }

    Answer run(command::CommandRequest request) {
        command::Handling handling;
        handling.request = std::move(request);
        while (true) {
            command::CommandPath path({aggregates_, cache_, heads_, mac_, clock_}, store_, random_);
            auto step = path.proceed(handling);
            if (auto* answer = std::get_if<Answer>(&step)) return std::move(*answer);
            auto& asks = std::get<std::vector<command::Ask>>(step);
            std::vector<std::string> names;
            for (const auto& ask : asks) names.push_back(ask.name);
            std::promise<Result<std::vector<std::string>>> answered;
            hashing_.answer(std::move(asks), [&](auto answers) { answered.set_value(std::move(answers)); });
            const auto answers = answered.get_future().get();
            if (!answers) throw Fault(FaultKind::configuration, "services", answers.error());
            command::CommandPath::give(handling, names, answers.value());
        }
    }

private:
    static telemetry::Log quiet(const Settings& settings) {
        auto log = settings.log;
        log.level = "warn";
        return telemetry::Log(log);
    }

    const command::Aggregates aggregates_;
    postgres::Store store_;
    command::StreamCache cache_{0};
    NoHeads heads_;
    const security::KeyedMac mac_{"no request of an errand is repeated"};
    SystemClock clock_;
    SystemRandom random_;
    security::HashingPool hashing_{1};
};

int run(const Instance& at, const Settings& settings, const CommandVerb& verb, const Values& values) {
    security::start();
    Errand errand(at, settings);
    const auto held = [&] { return !verb.key.empty() && errand.holds(verb, values.at(verb.key)); };
    const auto say_held = [&] {
        std::cout << verb.aggregate << " " << values.at(verb.key) << " is there already; nothing was done"
                  << std::endl;
        return 0;
    };
    if (held()) return say_held();
    auto data = boost::json::parse(verb.data).as_object();
    for (const auto& [field, value] : values) data[field] = value;
    if (!verb.secret.empty()) data[verb.secret] = secret_of(verb.secret);

    command::CommandRequest request;
    request.aggregate = verb.aggregate;
    request.command = verb.command;
    request.creates = true;
    request.data = boost::json::serialize(data);
    request.actor = {operator_name(), operator_name(), verb.scopes};
    request.source = "command line";
    const auto answer = errand.run(std::move(request));
    if (answer.status < 400) {
        std::cout << verb.aggregate << " " << answer.id << " is made" << std::endl;
        return 0;
    }
    if (answer.status == 409 && held()) return say_held();  // another was faster
    const auto problem = boost::json::parse(answer.body).as_object();
    std::cerr << "lantern: refused: " << problem.at("detail").as_string().c_str() << "\n";
    if (const auto* errors = problem.if_contains("errors"))
        for (const auto& error : errors->as_array())
            std::cerr << "  " << (error.as_object().contains("field") ? error.at("field") : error.at("rule"))
                      << ": " << error.at("detail").as_string().c_str() << "\n";
    if (!answer.defect.empty()) std::cerr << "  " << answer.defect << "\n";
    return kFailed;
}

}  // namespace

std::optional<int> run_command_verb(int argc, char** argv) {
    const auto words = words_before_options(argc, argv);
    if (words.empty()) return std::nullopt;
    Instance at{following(argc, argv, "--data"), following(argc, argv, "--config"),
                following(argc, argv, "--plugins")};
    try {
        const auto settings = at.settings();
        const auto verb = std::find_if(settings.verbs.begin(), settings.verbs.end(),
                                       [&](const CommandVerb& of) { return of.name == words; });
        if (verb == settings.verbs.end()) return std::nullopt;
        CLI::App app{verb->about, "lantern " + words};
        app.add_option("--data", at.data, "directory of the instance made by `lantern dev`");
        app.add_option("--config", at.config, "directory of lantern.yaml and routing.yaml");
        app.add_option("--plugins", at.plugins, "plugin directory");
        Values values;
        for (const auto& option : verb->options) app.add_option("--" + option, values[option])->required();
        std::vector<std::string> rest;
        for (int n = argc - 1; n > std::count(words.begin(), words.end(), ' ') + 1; --n) rest.emplace_back(argv[n]);
        try {
            app.parse(rest);
        } catch (const CLI::ParseError& error) {
            return app.exit(error);
        }
        return run(at, settings, *verb, values);
    } catch (const Fault& fault) {
        std::cerr << "lantern: " << fault.what() << std::endl;
        return fault.kind() == FaultKind::configuration ? kMisconfigured : kFailed;
    }
}

}  // namespace lantern::apps
