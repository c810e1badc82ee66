#include "host/settings/problem.hpp"

#include <algorithm>
#include <cstdlib>

namespace lantern::settings {

std::string Problem::text() const {
    std::string out = file;
    if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
    out += ": found " + found + "; expected " + expected;
    if (!suggestion.empty()) out += "; " + suggestion;
    return out;
}

std::string text(const Problems& problems) {
    std::string out;
    for (const auto& problem : problems) out += problem.text() + "\n";
    return out;
}

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

Environment fixed_environment(std::map<std::string, std::string> variables) {
    return [held = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = held.find(name);
        if (found == held.end()) return std::nullopt;
        return found->second;
    };
}

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edits(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
            }
        }
    }
    return table[a.size()][b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
    constexpr std::size_t kWordBytesMax = 200;  // the table is quadratic
    if (word.size() > kWordBytesMax) return {};
    std::string best;
    std::size_t best_edits = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        if (candidate.size() > kWordBytesMax) continue;
        const std::size_t distance = edits(word, candidate);
        if (distance < best_edits) {
            best_edits = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace lantern::settings
