// What a plugin says of itself: static Description describe(). It becomes the JSON of docs/descriptor.md; the kind
// is filled in from the base class.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <lantern/json.hpp>
#include <lantern/tables.hpp>

namespace lantern {
inline namespace sdk_v1 {

class Description {
public:
    Description(std::string_view name, std::string_view version) {
        json_["name"] = to_json(name);
        json_["version"] = to_json(version);
        json_["kind"] = "";
        json_["settings"] = {{"type", "object"}, {"additionalProperties", false}};
    }

    // An event type it takes, with the highest schema version it understands.
    Description& on(std::string_view type, int schema_version = 1) {
        json::value& events = json_["events"];
        (events.is_object() ? events.as_object() : events.emplace_object())[to_json(type)] = schema_version;
        return *this;
    }
    // JSON Schema (draft-07) of the settings object; without it only an empty object is taken.
    Description& settings(std::string_view schema) {
        json_["settings"] = json::parse(to_json(schema));
        return *this;
    }

    // projection: to be raised when the tables or the meaning of their content change; that is always a rebuild.
    Description& schema_version(int version) { return put("schema_version", version); }
    // projection: keys are written sorted, tables in this order.
    Description& table(const Table& table) {
        tables_.push_back(table.name());
        list("tables").push_back(described(table));
        return *this;
    }

    // aggregate
    Description& aggregate_type(std::string_view type) {
        json_["aggregate_type"] = to_json(type);
        return *this;
    }
    // aggregate: to be raised when the saved state changes; older snapshots are then ignored.
    Description& state_version(int version) { return put("state_version", version); }
    Description& commands(std::initializer_list<std::string_view> names) { return put("commands", names); }
    // aggregate: fields of the saved state that are never shown.
    Description& secret_state(std::initializer_list<std::string_view> fields) {
        return put("secret_state", fields);
    }

    // schema: data of version `from` becomes data of version from + 1.
    Description& upcast(std::string_view type, int from) {
        list("upcasts").push_back({{"type", to_json(type)}, {"from", from}});
        return *this;
    }

    // side effect: idempotent by key and revision, so a backfill feeds it like a projection.
    Description& replayable(bool is = true) {
        json_["replayable"] = is;
        return *this;
    }

    Description& kind(std::string_view kind) {
        json_["kind"] = to_json(kind);
        return *this;
    }
    // Names are of string literals: constants that live as long as the plugin.
    const std::vector<std::string_view>& table_names() const { return tables_; }
    std::string text() const { return json::serialize(json_); }

private:
    Description& put(std::string_view field, int value) {
        json_[to_json(field)] = value;
        return *this;
    }
    Description& put(std::string_view field, std::initializer_list<std::string_view> names) {
        json::array& array = list(field);
        for (std::string_view name : names) array.emplace_back(to_json(name));
        return *this;
    }
    json::array& list(std::string_view field) {
        json::value& value = json_[to_json(field)];
        return value.is_array() ? value.as_array() : value.emplace_array();
    }

    static json::object described(const Table& table) {
        json::array key, columns, indexes;
        for (std::size_t at = 0; at < table.columns_size(); ++at) {
            const Column& column = table.column_at(at);
            if (at < table.key_size()) key.emplace_back(to_json(column.name));
            json::object one{{"name", to_json(column.name)}, {"type", to_json(name_of(column.type))}};
            if (column.merge != Merge::none) one["merge"] = to_json(name_of(column.merge));
            columns.push_back(std::move(one));
        }
        for (std::size_t at = 0; at < table.indexes_size(); ++at) {
            json::array index;
            for (std::size_t n = 0; n < table.index_at(at).size; ++n)
                index.emplace_back(to_json(table.index_at(at).columns[n]));
            indexes.push_back(std::move(index));
        }
        return {{"name", to_json(table.name())},
                {"ownership", table.is_shared() ? "shared" : "owned"},
                {"key", std::move(key)},
                {"columns", std::move(columns)},
                {"indexes", std::move(indexes)}};
    }

    json::object json_;
    std::vector<std::string_view> tables_;
};

}  // namespace sdk_v1
}  // namespace lantern
