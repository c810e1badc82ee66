#include "host/schemas/shown.hpp"

#include <algorithm>
#include <vector>

#include "host/schemas/references.hpp"

namespace lantern::schemas {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 32;  // of documents, and of references that lead to references

// All schemas that describe one and the same value.
using Views = std::vector<const json::object*>;

class Showing {
public:
    explicit Showing(const json::value& root) : root_(root) {}

    Views expand(const json::value& schema) const {
        Views views;
        expand(schema, views, 0);
        return views;
    }

    // Precondition: no view is secret.
    json::value value(const json::value& data, const Views& views, int depth) const {
        if (depth > kDepthMax) return nullptr;
        if (data.is_object()) return object(data.get_object(), views, depth);
        if (data.is_array()) return array(data.get_array(), views, depth);
        return data;
    }

    static bool secret(const Views& views) {
        for (const auto* view : views) {
            const auto* mark = view->if_contains("x-secret");
            if (mark != nullptr && !(mark->is_bool() && !mark->get_bool())) return true;
        }
        return false;
    }

private:
    void expand(const json::value& schema, Views& views, int depth) const {
        const auto* object = schema.if_object();
        if (object == nullptr || depth > kDepthMax) return;
        if (std::find(views.begin(), views.end(), object) != views.end()) return;
        views.push_back(object);
        if (const auto* reference = object->if_contains("$ref"); reference != nullptr && reference->is_string()) {
            if (const auto* target = find_reference(root_, reference->get_string()))
                expand(*target, views, depth + 1);
        }
        for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
            const auto* parts = object->if_contains(keyword);
            if (parts == nullptr || !parts->is_array()) continue;
            for (const auto& part : parts->get_array()) expand(part, views, depth + 1);
        }
    }

    json::value object(const json::object& data, const Views& views, int depth) const {
        bool described = false;
        for (const auto* view : views) described = described || view->contains("properties");
        json::object out;
        for (const auto& member : data) {
            Views members;
            bool known = !described;  // an object whose inside no schema speaks of is shown whole
            for (const auto* view : views) known = describe(*view, member.key(), members) || known;
            if (known && !secret(members)) out.emplace(member.key(), value(member.value(), members, depth + 1));
        }
        return out;
    }

    // Adds what `view` says of the property; false when it says nothing.
    bool describe(const json::object& view, json::string_view name, Views& members) const {
        if (const auto* properties = view.if_contains("properties");
            properties != nullptr && properties->is_object()) {
            if (const auto* property = properties->get_object().if_contains(name)) {
                append(*property, members);
                return true;
            }
        }
        const auto* additional = view.if_contains("additionalProperties");
        if (additional == nullptr) return false;
        append(*additional, members);
        return additional->is_object() || (additional->is_bool() && additional->get_bool());
    }

    json::value array(const json::array& data, const Views& views, int depth) const {
        json::array out;
        for (std::size_t i = 0; i < data.size(); ++i) {
            Views items;
            for (const auto* view : views) {
                const auto* rule = view->if_contains("items");
                if (rule == nullptr) continue;
                if (rule->is_object()) append(*rule, items);
                if (rule->is_array() && i < rule->get_array().size()) append(rule->get_array()[i], items);
            }
            out.push_back(secret(items) ? json::value(nullptr) : value(data[i], items, depth + 1));
        }
        return out;
    }

    void append(const json::value& schema, Views& views) const {
        const Views more = expand(schema);
        views.insert(views.end(), more.begin(), more.end());
    }

    const json::value& root_;
};

}  // namespace

json::value shown(const json::value& data, const json::value& schema) {
    const Showing showing(schema);
    const Views views = showing.expand(schema);
    return Showing::secret(views) ? json::value(nullptr) : showing.value(data, views, 0);
}

}  // namespace lantern::schemas
