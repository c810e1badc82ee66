// What is wrong in a configuration file, and where. A file's problems are told all at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lantern::settings {

// Lines and columns count from 1; 0 when the problem has no place in the text (a file that is not there).
struct Problem {
    std::string file;
    int line = 0;
    int column = 0;
    std::string found;
    std::string expected;
    std::string suggestion;  // may be empty

    // config/routing.yaml:7:5: found unknown key "concurency"; expected one of ...; did you mean "concurrency"?
    std::string text() const;
    bool operator==(const Problem&) const = default;
};

using Problems = std::vector<Problem>;

// One problem a line.
std::string text(const Problems& problems);

// Environment variables by name; nothing when unset.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();
Environment fixed_environment(std::map<std::string, std::string> variables);

// The nearest of `candidates` within a few edits of `word`; empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace lantern::settings
