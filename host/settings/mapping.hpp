// A YAML mapping whose keys are taken one by one, each into a typed place that keeps its default when the key is
// left out. Whatever is wrong is reported and reading goes on. Private to this room.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/core/handler.hpp"
#include "host/settings/reading.hpp"
#include "host/settings/units.hpp"

namespace lantern::settings {

template <class T>
struct Bounds {
    T least;
    T most;
};

class Mapping {
public:
    // `what` names it in messages, "http" for instance. Nothing (all keys left out) is an empty mapping.
    Mapping(Reading& reading, const YAML::Node& node, std::string what);
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    // The value of a key, and the key is known from now on.
    std::optional<YAML::Node> take(const std::string& key);
    std::optional<YAML::Node> require(const std::string& key, const std::string& expected);
    // The node of the key itself, for messages.
    YAML::Node place(const std::string& key) const;

    bool text(const std::string& key, std::string& into);
    bool boolean(const std::string& key, bool& into);
    template <class Int>
    bool integer(const std::string& key, Int& into, Bounds<std::int64_t> bounds) {
        auto number = integer_of(key, bounds);
        if (number) into = static_cast<Int>(*number);
        return number.has_value();
    }
    bool real(const std::string& key, double& into, Bounds<double> bounds);
    bool duration(const std::string& key, std::chrono::milliseconds& into,
                  Bounds<std::chrono::milliseconds> bounds);
    bool bytes(const std::string& key, std::size_t& into, Bounds<std::int64_t> bounds);
    bool rate(const std::string& key, Rate& into);                       // 10/s, 100/m, 5000/h
    bool texts(const std::string& key, std::vector<std::string>& into);  // a list
    template <class T>
    bool choice(const std::string& key, T& into, const std::vector<std::pair<std::string, T>>& choices) {
        std::vector<std::string> names;
        for (const auto& [name, value] : choices) names.push_back(name);
        const auto index = choice_of(key, names);
        if (index) into = choices[*index].second;
        return index.has_value();
    }

    // Every key, in the order of the text, duplicates reported and left out.
    using Entry = std::pair<YAML::Node, YAML::Node>;
    const std::vector<Entry>& entries() const { return entries_; }

    // Reports what was never taken.
    void refuse_unknown();

    const YAML::Node& node() const { return node_; }
    const std::string& what() const { return what_; }

private:
    std::optional<std::int64_t> integer_of(const std::string& key, Bounds<std::int64_t> bounds);
    std::optional<std::size_t> choice_of(const std::string& key, const std::vector<std::string>& names);

    Reading& reading_;
    YAML::Node node_;
    std::string what_;
    std::vector<Entry> entries_;
    std::vector<std::string> known_;
};

std::string listed(const std::vector<std::string>& words);  // "a, b, c"

}  // namespace lantern::settings
