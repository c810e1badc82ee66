// What a projection's check finds in rows that a test has changed behind its back:
//
//     CheckRun run(lantern_plugin);
//     run.take(spec.tables());  run.applied("user/1", 3);
//     run.rows("audit_log")[1]["actor"] = "somebody else";
//     ... run.findings() ...
#pragma once

#include <lantern/testing/events.hpp>
#include <lantern/testing/object.hpp>
#include <lantern/testing/tables.hpp>

namespace lantern::testing {

struct Finding {
    std::string table;
    json::object key;
    std::string found, expected;
};

class CheckRun {
public:
    explicit CheckRun(const lantern_plugin_v1& plugin, std::string settings = "{}")
        : plugin_(plugin),
          shape_(shape_of(plugin)),
          object_(plugin, std::move(settings)),
          rows_(shape_.tables.size()) {
        if (!plugin.projection || !plugin.projection->check) throw Failure(shape_.name + " has no check");
    }

    // These rows, and no others.
    void take(const Tables& tables) {
        for (std::size_t at = 0; at < rows_.size(); ++at) {
            rows_[at].clear();
            for (const json::value& row : tables.to_json(shape_.tables[at].name))
                rows_[at].push_back(row.as_object());
        }
    }
    // To be changed as a test likes.
    std::vector<json::object>& rows(std::string_view table) { return rows_[index_of(table)]; }
    // The checkpoint of "user/1".
    void applied(std::string_view subject, std::int64_t revision) {
        const GivenEvent named = event("", subject);
        streams_[named.aggregate_id][named.aggregate_type] = revision;
    }

    // Of all aggregate ids that have a stream or a row, as Lantern goes through them. Throws Failure with the
    // plugin's own words when it could not look.
    std::vector<Finding> findings() {
        std::set<std::string> ids;
        for (const auto& [id, streams] : streams_) ids.insert(id);
        for (std::size_t at = 0; at < rows_.size(); ++at)
            if (!shape_.tables[at].shared)
                for (const json::object& row : rows_[at]) ids.insert(id_of(at, row));
        found_.clear();
        for (const std::string& id : ids) look(id);
        return std::move(found_);
    }

private:
    std::size_t index_of(std::string_view table) const {
        for (std::size_t at = 0; at < shape_.tables.size(); ++at)
            if (shape_.tables[at].name == table) return at;
        throw std::invalid_argument("no table is called " + std::string(table));
    }
    std::string id_of(std::size_t table, const json::object& row) const {
        return std::string(view(row.at(shape_.tables[table].columns[0].name).as_string()));
    }

    void look(const std::string& id) {
        std::vector<std::map<Key, Row>> held(rows_.size());  // owns the text of what follows
        std::vector<std::vector<lantern_value>> values(rows_.size());
        std::vector<lantern_rows> tables;
        for (std::size_t at = 0; at < rows_.size(); ++at) {
            const TableShape& shape = shape_.tables[at];
            for (const json::object& row : rows_[at])
                if (!shape.shared && id_of(at, row) == id) add(held[at], shape, row);
            for (const auto& [key, row] : held[at])
                for (std::size_t column = 0; column < row.size(); ++column)
                    values[at].push_back(to_abi(row[column], shape.columns[column].type));
            tables.push_back({values[at].data(), held[at].size()});
        }
        std::vector<lantern_checkpoint> streams;
        for (const auto& [type, revision] : streams_[id]) streams.push_back({borrow(type), revision});
        const lantern_owned_rows rows{sizeof rows,    borrow(id),    streams.data(),
                                      streams.size(), tables.data(), tables.size()};
        const lantern_findings findings{sizeof findings, this, &CheckRun::report};
        Collected error;
        if (plugin_.projection->check(object_.get(), &rows, &findings, error.sink()) != 0)
            throw Failure("check of " + id + " failed: " + error.text());
    }

    static void add(std::map<Key, Row>& to, const TableShape& shape, const json::object& from) {
        Row row;
        for (const ColumnShape& column : shape.columns) row.push_back(from_json(from.at(column.name), column.type));
        Key key(row.begin(), row.begin() + std::ptrdiff_t(shape.key_size));
        if (!to.emplace(std::move(key), std::move(row)).second)
            throw std::invalid_argument(shape.name + ": two rows have one key");
    }

    static void report(void* context, std::uint32_t table, const lantern_value* key, std::uint32_t key_count,
                       lantern_str found, lantern_str expected) {
        auto& self = *static_cast<CheckRun*>(context);
        const TableShape& shape = self.shape_.tables.at(table);
        json::object named;
        for (std::uint32_t at = 0; at < key_count; ++at)
            named[shape.columns[at].name] = to_json(from_abi(key[at]), shape.columns[at].type);
        self.found_.push_back(
            {shape.name, std::move(named), std::string(view(found)), std::string(view(expected))});
    }

    const lantern_plugin_v1& plugin_;
    const Shape shape_;
    Object object_;
    std::vector<std::vector<json::object>> rows_;                         // by table
    std::map<std::string, std::map<std::string, std::int64_t>> streams_;  // id -> type -> checkpoint
    std::vector<Finding> found_;
};

}  // namespace lantern::testing
