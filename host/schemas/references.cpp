#include "host/schemas/references.hpp"

#include <map>
#include <vector>

namespace lantern::schemas {
namespace {

namespace json = boost::json;

class Circles {
public:
    explicit Circles(const json::value& root) : root_(root) {}

    // Every value may be a schema: one that is none only costs its walk.
    bool below(const json::value& value) {
        if (visit(value)) return true;
        if (const auto* object = value.if_object()) {
            for (const auto& member : *object) {
                if (below(member.value())) return true;
            }
        } else if (const auto* array = value.if_array()) {
            for (const auto& item : *array) {
                if (below(item)) return true;
            }
        }
        return false;
    }

private:
    enum class Visit { open, closed };

    bool visit(const json::value& schema) {
        if (!schema.is_object()) return false;
        const auto [known, fresh] = visits_.try_emplace(&schema, Visit::open);
        if (!fresh) return known->second == Visit::open;
        for (const auto* next : in_place(schema.get_object())) {
            if (visit(*next)) return true;
        }
        visits_[&schema] = Visit::closed;
        return false;
    }

    std::vector<const json::value*> in_place(const json::object& schema) const {
        std::vector<const json::value*> out;
        if (const auto* reference = schema.if_contains("$ref"); reference != nullptr && reference->is_string()) {
            if (const auto* target = find_reference(root_, reference->get_string())) out.push_back(target);
        }
        for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
            const auto* parts = schema.if_contains(keyword);
            if (parts == nullptr || !parts->is_array()) continue;
            for (const auto& part : parts->get_array()) out.push_back(&part);
        }
        for (const char* keyword : {"not", "if", "then", "else"}) {
            if (const auto* part = schema.if_contains(keyword)) out.push_back(part);
        }
        return out;
    }

    const json::value& root_;
    std::map<const json::value*, Visit> visits_;
};

}  // namespace

const json::value* find_reference(const json::value& root, const json::string& reference) {
    if (reference.empty() || reference[0] != '#') return nullptr;
    json::error_code error;
    return root.find_pointer(json::string_view(reference).substr(1), error);
}

bool has_circle(const json::value& root) {
    return Circles(root).below(root);
}

}  // namespace lantern::schemas
