// One YAML text being read: where it comes from, what is wrong with it so far, and how its scalars are resolved.
// Private to this room.
#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <optional>
#include <string>

#include "host/settings/problem.hpp"

namespace lantern::settings {

class Reading {
public:
    Reading(std::filesystem::path file, const Environment& environment)
        : file_(std::move(file)), environment_(environment) {}

    // The single document of `text`; nothing, with the problem reported, when it is none.
    std::optional<YAML::Node> load(const std::string& text);

    struct Scalar {
        std::string text;
        enum class Origin { plain, quoted, reference } origin = Origin::plain;
        std::string shown;  // for a message; never the value of a reference
    };
    // A scalar, or what {env: NAME}, {env: NAME, default: TEXT}, {file: PATH} stands for. Reports and returns
    // nothing when it is neither; `expected` says what it should have been.
    std::optional<Scalar> scalar(const YAML::Node& node, const std::string& expected);
    static bool is_reference(const YAML::Node& node);

    // Any value as JSON text, references resolved.
    std::string json(const YAML::Node& node);

    void report(const YAML::Node& at, std::string found, std::string expected, std::string suggestion = {});
    void report_at(const YAML::Mark& mark, std::string found, std::string expected, std::string suggestion = {});
    void report_file(std::string found, std::string expected, std::string suggestion = {});

    const std::filesystem::path& file() const { return file_; }
    const Environment& environment() const { return environment_; }
    std::filesystem::path beside(const std::filesystem::path& path) const;  // relative ones: beside the file
    bool sound() const { return problems_.empty(); }
    Problems take_problems();  // in the order of the text

private:
    std::optional<Scalar> resolve(const YAML::Node& reference);
    std::optional<Scalar> resolve_file(const YAML::Node& at, const std::string& path);

    std::filesystem::path file_;
    const Environment& environment_;
    Problems problems_;
};

// How a message names a node: text "abc", a list, a mapping, nothing.
std::string describe(const YAML::Node& node);
// Text for a message: one line, cut when long, quoted.
std::string in_quotes(const std::string& text);
// "did you mean ...?", or empty.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);
// The whole file, or nothing when it cannot be read or is larger than a configuration file may be.
std::optional<std::string> read_text(const std::filesystem::path& file, std::string& why_not);

}  // namespace lantern::settings
