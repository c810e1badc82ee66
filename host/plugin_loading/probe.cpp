// On disk, beside the private copies: `<build>.answer`, a JSON object {"head", "good", "text", "until"}: what
// was asked of which program for which file, and the answer. `until` (seconds since 1970, 0 = for ever) bounds
// answers that may say more about the hour than about the library: a crash, an overrun.
#include "host/plugin_loading/probe.hpp"

#include <sys/stat.h>

#include <boost/json.hpp>

#include "host/plugin_loading/abi_table.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/plugin_file.hpp"
#include "host/plugin_loading/probe_process.hpp"
#include "host/plugin_loading/probe_wire.hpp"

namespace lantern::plugin_loading {
namespace {

namespace json = boost::json;

constexpr std::int64_t kUnansweredSeconds = 60;

struct Answer {
    bool good = false;
    std::string text;              // the raw description, or the refusal
    std::int64_t until_epoch = 0;  // 0: for ever
};

std::int64_t now_epoch() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// Another build of the program may answer otherwise.
std::string identity(const std::vector<std::string>& command) {
    struct stat status {};
    if (::stat(command[0].c_str(), &status) != 0) return command[0];
    std::string text = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
                       std::to_string(status.st_size) + ":" + std::to_string(status.st_mtim.tv_sec) + "." +
                       std::to_string(status.st_mtim.tv_nsec);
    for (std::size_t at = 1; at < command.size(); ++at) text += " " + command[at];
    return text;
}

std::string answer_head(const PluginFile& file, const ProbeOptions& options) {
    return json::serialize(
        json::array{identity(options.command), file.file.string(), options.settings ? *options.settings : ""});
}

std::filesystem::path answer_file(const PluginFile& file) {
    auto path = file.copy;
    return path.replace_extension(".answer");
}

std::optional<Answer> remembered(const PluginFile& file, const ProbeOptions& options) {
    if (options.memory == ProbeOptions::Memory::ignore || options.settings) return std::nullopt;
    const auto text = read_whole(answer_file(file));
    if (!text) return std::nullopt;
    boost::system::error_code code;
    const auto value = json::parse(text.value(), code);
    const auto* object = value.if_object();
    if (!object) return std::nullopt;
    const auto* head = object->if_contains("head");
    const auto* good = object->if_contains("good");
    const auto* said = object->if_contains("text");
    const auto* until = object->if_contains("until");
    if (!head || !good || !said || !until || !head->is_string() || !good->is_bool() || !said->is_string() ||
        !until->is_int64() || head->get_string() != answer_head(file, options)) {
        return std::nullopt;
    }
    if (until->get_int64() != 0 && until->get_int64() < now_epoch()) return std::nullopt;
    return Answer{good->get_bool(), std::string(said->get_string()), until->get_int64()};
}

// Only a memory: when it cannot be written, the next probe runs again.
void remember(const PluginFile& file, const ProbeOptions& options, const Answer& answer) {
    if (options.settings) return;
    const json::object object{{"head", answer_head(file, options)},
                              {"good", answer.good},
                              {"text", answer.text},
                              {"until", answer.until_epoch}};
    (void)write_whole(answer_file(file), json::serialize(object), 0600);
}

std::string last_stage(const std::string& output) {
    const auto at = output.rfind(kStageWord);
    if (at == std::string::npos) return "starting";
    const auto from = at + kStageWord.size();
    return output.substr(from, output.find('\n', from) - from);
}

std::optional<Answer> spoken(const std::string& output) {
    for (std::size_t at = 0; at < output.size();) {
        const auto end = output.find('\n', at);
        if (end == std::string::npos) break;
        const std::string line = output.substr(at, end - at);
        at = end + 1;
        const bool good = line.rfind(kOkWord, 0) == 0;
        if (!good && line.rfind(kRefusedWord, 0) != 0) continue;
        boost::system::error_code code;
        const auto value = json::parse(line.substr((good ? kOkWord : kRefusedWord).size()), code);
        if (code || !value.is_string()) return std::nullopt;
        return Answer{good, std::string(value.get_string()), 0};
    }
    return std::nullopt;
}

// What became of a child that ended without an answer.
std::string unanswered(const PluginFile& file, const Ended& ended, const ProbeOptions& options) {
    const std::string stage = last_stage(ended.output);
    const std::string errors = ended.error_lines.empty() ? "" : "; it printed: " + message_text(ended.error_lines);
    switch (ended.how) {
        case Ended::How::overran:
            return refusal(file.file,
                           "that it hangs in " + stage + ": no answer within " +
                               std::to_string(options.deadline.count()) + " ms" + errors,
                           "an answer within that time",
                           "let " + stage + " return at once; waiting for others belongs into handle or act");
        case Ended::How::signalled:
            return refusal(
                file.file, "that it crashes in " + stage + ": " + signal_text(ended.code) + errors,
                stage == "loading" ? "a library whose static constructors return"
                                   : "that " + stage + " returns, and lets no exception out",
                "run it under a debugger, or built with sanitizers: lantern plugin check " + file.file.string());
        default:
            return refusal(
                file.file,
                "that the process ended in " + stage + " with status " + std::to_string(ended.code) + errors,
                "a library that does not end the process it is loaded in", "take the exit out of the plugin");
    }
}

Answer ask_child(const PluginFile& file, const ProbeOptions& options) {
    json::object request{{"file", file.file.string()}, {"copy", file.copy.string()}, {"build", file.build}};
    if (options.settings) request.emplace("settings", *options.settings);
    auto command = options.command;
    command.push_back(file.file.string());
    const auto ended = run_process(command, json::serialize(request), options.deadline, {kOkWord, kRefusedWord});
    if (!ended) {
        return {false,
                refusal(file.file, "that it could not be probed (" + ended.error() + ")", "a child process",
                        "look at the limits of this machine"),
                now_epoch()};
    }
    if (ended.value().how == Ended::How::answered) {
        if (auto answer = spoken(ended.value().output)) return std::move(*answer);
    }
    return {false, unanswered(file, ended.value(), options), now_epoch() + kUnansweredSeconds};
}

}  // namespace

Result<Description> probe(const std::filesystem::path& file, const ProbeOptions& options) {
    if (auto good = prepare_copies(options.copies); !good) return failure(good.error());
    const auto taken = take_copy(file, options.copies);
    if (!taken) return failure(taken.error());
    auto answer = remembered(taken.value(), options);
    if (!answer) {
        answer = ask_child(taken.value(), options);
        remember(taken.value(), options, *answer);
    }
    if (!answer->good) return failure(answer->text);
    return parsed_description(file, taken.value().build, answer->text);
}

}  // namespace lantern::plugin_loading
