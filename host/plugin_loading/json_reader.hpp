// Reads members of a JSON object and gathers problems instead of stopping at the first.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace lantern::plugin_loading {

using Problems = std::vector<std::string>;

// A JSON value as a problem shows it: its text, cut when long.
std::string shown(const boost::json::value& value);
// The candidate that `word` is most likely a slip of; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// Names of plugins, aggregate types, tables and columns.
bool is_name(std::string_view text);
inline constexpr std::string_view kNameRule = "a name of 1 to 40 of a-z, 0-9 and _, a letter first";

class JsonReader {
public:
    // `where` stands in front of every problem, for example "tables[0].".
    JsonReader(const boost::json::object& object, std::string where, Problems& problems)
        : object_(object), where_(std::move(where)), problems_(problems) {}

    void allow_only(const std::vector<std::string_view>& members);

    // Absent or of the wrong shape: a problem, and an empty or fallback value.
    std::string name(std::string_view member);
    std::string text(std::string_view member, std::size_t bytes_max);
    std::string one_of(std::string_view member, const std::vector<std::string_view>& values);
    std::vector<std::string> texts(std::string_view member);  // not empty, without repeats
    const boost::json::array* array(std::string_view member);
    const boost::json::object* object(std::string_view member);

    // Absent: the fallback.
    int version(std::string_view member, int fallback);  // an integer from 1
    bool flag(std::string_view member, bool fallback);

    const boost::json::value* member(std::string_view member) const { return object_.if_contains(member); }
    void problem(std::string_view member, const std::string& found, const std::string& expected);

private:
    const boost::json::value* required(std::string_view member, const std::string& expected);

    const boost::json::object& object_;
    std::string where_;
    Problems& problems_;
};

}  // namespace lantern::plugin_loading
