#include "host/schemas/secrets.hpp"

#include "host/schemas/references.hpp"

namespace lantern::schemas {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 32;

class Filling {
public:
    explicit Filling(const json::value& root) : root_(root) {}

    void fill(json::value& data, const json::value& schema, int depth) const {
        const auto* rules = schema.if_object();
        if (rules == nullptr || depth > kDepthMax) return;
        if (const auto* target = referred(*rules)) fill(data, *target, depth + 1);
        if (const auto* parts = array_of(*rules, "allOf"))
            for (const auto& part : *parts) fill(data, part, depth + 1);
        if (data.is_object()) fill_object(data.get_object(), *rules, depth);
        const auto* items = rules->if_contains("items");
        if (data.is_array() && items != nullptr)
            for (auto& item : data.get_array()) fill(item, *items, depth + 1);
    }

private:
    void fill_object(json::object& data, const json::object& rules, int depth) const {
        const auto* properties = rules.if_contains("properties");
        if (properties == nullptr || !properties->is_object()) return;
        if (const auto* required = array_of(rules, "required")) {
            for (const auto& name : *required) {
                if (!name.is_string() || data.contains(name.get_string())) continue;
                const auto* property = properties->get_object().if_contains(name.get_string());
                if (property != nullptr && is_secret(*property))
                    data.emplace(name.get_string(), placeholder(*property));
            }
        }
        for (auto& member : data)
            if (const auto* property = properties->get_object().if_contains(member.key()))
                fill(member.value(), *property, depth + 1);
    }

    const json::value* referred(const json::object& rules) const {
        const auto* reference = rules.if_contains("$ref");
        if (reference == nullptr || !reference->is_string()) return nullptr;
        return find_reference(root_, reference->get_string());
    }
    static const json::array* array_of(const json::object& rules, json::string_view name) {
        const auto* found = rules.if_contains(name);
        return found == nullptr ? nullptr : found->if_array();
    }
    bool is_secret(const json::value& property) const {
        const auto* rules = property.if_object();
        if (rules == nullptr) return false;
        if (const auto* mark = rules->if_contains("x-secret")) return !mark->is_bool() || mark->get_bool();
        const auto* target = referred(*rules);
        return target != nullptr && target != &property && target->is_object() &&
               target->get_object().contains("x-secret");
    }
    json::value placeholder(const json::value& property) const {
        const auto* rules = &property.get_object();
        if (const auto* target = referred(*rules); target != nullptr && target->is_object())
            rules = &target->get_object();
        if (const auto* given = rules->if_contains("default")) return *given;
        const auto* type = rules->if_contains("type");
        const auto name = type != nullptr && type->is_string() ? type->get_string() : json::string("string");
        if (name == "integer" || name == "number") return 0;
        if (name == "boolean") return false;
        if (name == "array") return json::array();
        if (name == "object") return json::object();
        return "removed";
    }

    const json::value& root_;
};

}  // namespace

void fill_secrets(json::value& data, const json::value& schema) {
    Filling(schema).fill(data, schema, 0);
}

}  // namespace lantern::schemas
