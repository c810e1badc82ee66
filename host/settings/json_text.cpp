#include <boost/json.hpp>

#include "host/settings/reading.hpp"
#include "host/settings/units.hpp"

namespace lantern::settings {
namespace {

// Aliases can make a small text stand for a huge or even endless tree.
constexpr int kDepthMax = 32;
constexpr int kNodesMax = 10'000;

class Conversion {
public:
    explicit Conversion(Reading& reading) : reading_(reading) {}

    boost::json::value value(const YAML::Node& node, int depth) {
        if (++nodes_ > kNodesMax || depth > kDepthMax) {
            if (!refused_) {
                reading_.report(node, "more than 10000 values, or more than 32 levels", "settings of a plugin");
            }
            refused_ = true;
            return nullptr;
        }
        if (node.IsSequence()) {
            boost::json::array items;
            for (const auto& item : node) {
                if (refused_) break;
                items.push_back(value(item, depth + 1));
            }
            return items;
        }
        if (node.IsMap() && !Reading::is_reference(node)) return object(node, depth);
        if (node.IsNull()) return nullptr;
        const auto scalar = reading_.scalar(node, "a value");
        if (!scalar) return nullptr;
        return scalar->origin == Reading::Scalar::Origin::plain ? plain(node, scalar->text)
                                                                : boost::json::value(scalar->text);
    }

private:
    boost::json::value object(const YAML::Node& node, int depth) {
        boost::json::object members;
        for (const auto& entry : node) {
            if (refused_) break;
            if (!entry.first.IsScalar()) {
                reading_.report(entry.first, describe(entry.first), "a name");
                continue;
            }
            if (!members.emplace(entry.first.Scalar(), value(entry.second, depth + 1)).second) {
                reading_.report(entry.first, "the key " + in_quotes(entry.first.Scalar()) + " a second time",
                                "each key once");
            }
        }
        return members;
    }

    // The core schema of YAML 1.2, without its octal and hexadecimal numbers.
    boost::json::value plain(const YAML::Node& node, const std::string& text) {
        if (node.Tag() == "tag:yaml.org,2002:str") return boost::json::value(text);
        if (text == "true" || text == "True" || text == "TRUE") return true;
        if (text == "false" || text == "False" || text == "FALSE") return false;
        if (text == "null" || text == "~" || text.empty()) return nullptr;
        if (const auto integer = parse_integer(text)) return *integer;
        if (const auto real = parse_real(text)) return *real;
        return boost::json::value(text);
    }

    Reading& reading_;
    int nodes_ = 0;
    bool refused_ = false;
};

}  // namespace

std::string Reading::json(const YAML::Node& node) {
    return boost::json::serialize(Conversion(*this).value(node, 0));
}

}  // namespace lantern::settings
