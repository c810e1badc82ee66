// The declared tables of a projection, in memory, with the verbs and checks of the real ones. Changes of an event
// are kept or dropped together, and so are those of a batch:
//
//     tables.begin_event("42", position);  plugin.handle(..., &tables.recorder(), ...);
//     tables.end_event(Keep::yes);  ...  tables.end_batch(Keep::yes);
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include <lantern/testing/shapes.hpp>

namespace lantern::testing {

enum class Keep { no, yes };

class Tables {
public:
    explicit Tables(std::vector<TableShape> shapes) : shapes_(std::move(shapes)), content_(shapes_.size()) {
        recorder_.size = sizeof recorder_;
        recorder_.context = this;
        recorder_.record = &Tables::record;
        recorder_.find = &Tables::find;
    }
    Tables(const Tables&) = delete;
    Tables& operator=(const Tables&) = delete;

    const lantern_recorder& recorder() const { return recorder_; }

    void begin_event(std::string_view aggregate_id, std::int64_t position) {
        aggregate_id_ = aggregate_id;
        position_ = position;
        event_begin_ = undo_.size();
        refused_.clear();
    }
    // Why a change of this event was refused; empty: none was.
    const std::string& refused() const { return refused_; }
    void end_event(Keep keep) {
        if (keep == Keep::no || !refused_.empty()) undo_to(event_begin_);
    }
    void end_batch(Keep keep) {
        if (keep == Keep::no) undo_to(0);
        undo_.clear();
    }

    void clear() {
        for (Content& table : content_) table.clear();
        undo_.clear();
    }
    // Before a stream is folded again from its beginning: owned tables only.
    void forget_rows_of(const std::string& aggregate_id) {
        for (std::size_t at = 0; at < shapes_.size(); ++at)
            if (!shapes_[at].shared)
                std::erase_if(content_[at], [&](const auto& row) { return row.first[0] == Value(aggregate_id); });
    }

    const std::vector<TableShape>& shapes() const { return shapes_; }
    const TableShape& shape(std::string_view table) const { return shapes_[index_of(table)]; }
    std::vector<Row> rows(std::string_view table) const {
        std::vector<Row> rows;
        for (const auto& [key, held] : content_[index_of(table)]) rows.push_back(held.row);
        return rows;
    }
    json::object to_json(const TableShape& table, const Row& row) const {
        json::object out;
        for (std::size_t at = 0; at < row.size(); ++at)
            out[table.columns[at].name] = testing::to_json(row[at], table.columns[at].type);
        return out;
    }
    // All rows, by key.
    json::array to_json(std::string_view table) const {
        json::array out;
        for (const Row& row : rows(table)) out.push_back(to_json(shape(table), row));
        return out;
    }

private:
    struct Held {
        Row row;
        std::int64_t newest = -1;  // position of the event that its newest columns are of
    };
    using Content = std::map<Key, Held>;
    struct Undo {
        std::size_t table;
        Key key;
        std::optional<Held> before;
    };

    std::size_t index_of(std::string_view table) const {
        for (std::size_t at = 0; at < shapes_.size(); ++at)
            if (shapes_[at].name == table) return at;
        throw std::invalid_argument("no table is called " + std::string(table));
    }

    void undo_to(std::size_t size) {
        for (; undo_.size() > size; undo_.pop_back()) {
            Undo& last = undo_.back();
            if (last.before)
                content_[last.table].insert_or_assign(std::move(last.key), std::move(*last.before));
            else
                content_[last.table].erase(last.key);
        }
    }

    std::int32_t refuse(std::string why) {
        if (refused_.empty()) refused_ = std::move(why);
        return -1;
    }

    static std::int32_t record(void* context, std::uint32_t table, std::int32_t verb, const lantern_value* key,
                               std::uint32_t key_count, const lantern_cell* cells, std::uint32_t cell_count) {
        return static_cast<Tables*>(context)->on_record(table, verb, {key, key_count}, {cells, cell_count});
    }
    static std::int32_t find(void* context, std::uint32_t table, const lantern_value* key, std::uint32_t key_count,
                             const lantern_value** row) {
        return static_cast<Tables*>(context)->on_find(table, {key, key_count}, row);
    }

    template <class T>
    struct Span {
        const T* first;
        std::uint32_t size;
        const T* begin() const { return first; }
        const T* end() const { return first + size; }
    };

    // The key, or why it is refused.
    std::optional<Key> checked_key(std::uint32_t table, Span<lantern_value> key) {
        if (table >= shapes_.size()) return refuse("undeclared table " + std::to_string(table)), std::nullopt;
        const TableShape& shape = shapes_[table];
        if (key.size != shape.key_size) return refuse(shape.name + ": wrong number of key values"), std::nullopt;
        Key out;
        for (const lantern_value& value : key) {
            const ColumnShape& column = shape.columns[out.size()];
            if (value.type != column.type)
                return refuse(shape.name + "." + column.name + ": a key value is null or of a wrong type"),
                       std::nullopt;
            out.push_back(from_abi(value));
        }
        if (!shape.shared && out[0] != Value(aggregate_id_))
            return refuse(shape.name + ": the key of an owned table begins with the aggregate id " + aggregate_id_),
                   std::nullopt;
        return out;
    }

    std::optional<std::string> wrong_cell(const TableShape& shape, std::int32_t verb,
                                          const lantern_cell& cell) const {
        if (cell.column >= shape.columns.size()) return shape.name + ": undeclared column";
        const ColumnShape& column = shape.columns[cell.column];
        const std::string name = shape.name + "." + column.name;
        if (cell.column < shape.key_size) return name + ": a key column among the cells";
        if (cell.value.type != LANTERN_NULL && cell.value.type != column.type) return name + ": wrong type";
        if (shape.shared && column.merge != merge_of(verb))
            return name + ": the column is declared " + column.merge;
        if (verb == LANTERN_ADD && cell.value.type == LANTERN_NULL) return name + ": add needs a number";
        const bool textual =
            column.type == LANTERN_TEXT || column.type == LANTERN_UUID || column.type == LANTERN_JSON;
        if (cell.value.type != LANTERN_NULL && textual &&
            view(cell.value.as.text).find('\0') != std::string_view::npos)
            return name + ": text holds a zero byte";
        return std::nullopt;
    }

    static std::string_view merge_of(std::int32_t verb) {
        switch (verb) {
            case LANTERN_ADD:
                return "add";
            case LANTERN_LEAST:
                return "least";
            case LANTERN_GREATEST:
                return "greatest";
            case LANTERN_PUT_NEWEST:
                return "newest";
            default:
                return "";
        }
    }

    std::int32_t on_record(std::uint32_t table, std::int32_t verb, Span<lantern_value> key,
                           Span<lantern_cell> cells) {
        std::optional<Key> at = checked_key(table, key);
        if (!at) return -1;
        const TableShape& shape = shapes_[table];
        const bool merges = !merge_of(verb).empty();
        if (verb < LANTERN_UPSERT || verb > LANTERN_PUT_NEWEST) return refuse("unknown verb");
        if (shape.shared != merges)
            return refuse(shape.name + (shape.shared ? ": a shared table takes add, least, greatest, put_newest"
                                                     : ": an owned table takes upsert, patch, remove"));
        std::set<std::uint32_t> given;
        for (const lantern_cell& cell : cells) {
            if (auto why = wrong_cell(shape, verb, cell)) return refuse(*why);
            if (!given.insert(cell.column).second) return refuse(shape.name + ": a column is given twice");
        }
        if (verb == LANTERN_PUT_NEWEST)
            for (std::uint32_t n = 0; n < shape.columns.size(); ++n)
                if (shape.columns[n].merge == "newest" && !given.contains(n))
                    return refuse(shape.name + "." + shape.columns[n].name +
                                  ": put_newest gives all newest columns");
        change(table, verb, *at, cells);
        return 0;
    }

    void change(std::size_t table, std::int32_t verb, const Key& key, Span<lantern_cell> cells) {
        Content& content = content_[table];
        const auto found = content.find(key);
        const bool exists = found != content.end();
        undo_.push_back({table, key, exists ? std::optional(found->second) : std::nullopt});
        if (verb == LANTERN_REMOVE) {
            if (exists) content.erase(found);
            return;
        }
        if (verb == LANTERN_PATCH && !exists) return;
        Held& held = exists ? found->second : content[key];
        if (!exists || verb == LANTERN_UPSERT) held.row = blank(shapes_[table], key);
        const bool older = verb == LANTERN_PUT_NEWEST && held.newest > position_;
        if (older) return;
        if (verb == LANTERN_PUT_NEWEST) held.newest = position_;
        for (const lantern_cell& cell : cells) merge(held.row[cell.column], from_abi(cell.value), verb);
    }

    static Row blank(const TableShape& shape, const Key& key) {
        Row row(shape.columns.size());
        std::copy(key.begin(), key.end(), row.begin());
        for (std::size_t at = shape.key_size; at < row.size(); ++at)
            if (shape.columns[at].merge == "add") row[at] = std::int64_t{0};
        return row;
    }

    static void merge(Value& into, Value from, std::int32_t verb) {
        const bool ordered = verb == LANTERN_LEAST || verb == LANTERN_GREATEST;
        if (verb == LANTERN_ADD) {
            std::get<std::int64_t>(into) += std::get<std::int64_t>(from);
        } else if (!ordered) {
            into = std::move(from);
        } else if (!std::holds_alternative<std::monostate>(from)) {
            const bool first = std::holds_alternative<std::monostate>(into);
            if (first || (verb == LANTERN_LEAST ? from < into : into < from)) into = std::move(from);
        }
    }

    std::int32_t on_find(std::uint32_t table, Span<lantern_value> key, const lantern_value** row) {
        const std::optional<Key> at = checked_key(table, key);
        if (!at) return -1;
        const TableShape& shape = shapes_[table];
        if (shape.shared)
            return refuse(shape.name + ": find on a shared table would depend on the order of streams");
        const auto found = content_[table].find(*at);
        if (found == content_[table].end()) return 0;
        found_row_ = found->second.row;
        found_.clear();
        for (std::size_t n = 0; n < found_row_.size(); ++n)
            found_.push_back(to_abi(found_row_[n], shape.columns[n].type));
        *row = found_.data();
        return 1;
    }

    const std::vector<TableShape> shapes_;
    std::vector<Content> content_;  // by table
    lantern_recorder recorder_{};

    // The event in hand and the open batch.
    std::string aggregate_id_;
    std::int64_t position_ = 0;
    std::vector<Undo> undo_;
    std::size_t event_begin_ = 0;
    std::string refused_;

    // What find answered last.
    Row found_row_;
    std::vector<lantern_value> found_;
};

}  // namespace lantern::testing
