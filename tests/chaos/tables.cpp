#include "tests/chaos/tables.hpp"

namespace lantern::chaos {
namespace {

std::string row_difference(const Row& shown, const Row& expected) {
    std::string text;
    for (const auto& [column, value] : expected) {
        const auto found = shown.find(column);
        const std::string is = found == shown.end() ? "missing" : found->second;
        if (is != value) text += (text.empty() ? "" : ", ") + column + " is " + is + ", expected " + value;
    }
    return text;
}

}  // namespace

std::vector<std::string> differences(const Tables& shown, const Tables& expected) {
    static const Rows kNone;
    std::vector<std::string> found;
    for (const auto& [table, rows] : expected) {
        const auto at = shown.find(table);
        const Rows& there = at == shown.end() ? kNone : at->second;
        for (const auto& [key, row] : rows) {
            const auto is = there.find(key);
            if (is == there.end()) {
                found.push_back(table + " " + key + ": no such row");
            } else if (const auto text = row_difference(is->second, row); !text.empty()) {
                found.push_back(table + " " + key + ": " + text);
            }
        }
        for (const auto& [key, row] : there)
            if (!rows.contains(key)) found.push_back(table + " " + key + ": a row that nothing explains");
    }
    return found;
}

}  // namespace lantern::chaos
