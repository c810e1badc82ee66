// Tables are declared as constants; columns are then named at compile time and cost nothing at run time:
//
//     constexpr auto kUsers = lantern::Table::owned("users")
//         .key("id", lantern::Type::text)
//         .column("username", lantern::Type::text)
//         .index({"username"});
//     ... kUsers["username"] ...              // a column that does not exist does not compile
//
// The key of an owned table begins with the aggregate id: rows belong to one stream. A shared table is fed by many
// streams; each column beside the key says how it takes a value whatever the order: add, least, greatest, newest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include <lantern/values.hpp>

namespace lantern {
inline namespace sdk_v1 {

enum class Merge : std::uint8_t { none, add, least, greatest, newest };

constexpr std::string_view name_of(Merge merge) {
    switch (merge) {
        case Merge::none:
            return "none";
        case Merge::add:
            return "add";
        case Merge::least:
            return "least";
        case Merge::greatest:
            return "greatest";
        case Merge::newest:
            return "newest";
    }
    return "unknown";
}

struct Column {
    std::uint32_t index = 0;
    Type type = Type::text;
    Merge merge = Merge::none;
    std::string_view name;
};

class Table {
public:
    static constexpr std::size_t kColumnsMax = 64;
    static constexpr std::size_t kKeyColumnsMax = 8;
    static constexpr std::size_t kIndexesMax = 16;
    struct Index {
        std::array<std::string_view, kKeyColumnsMax> columns{};
        std::size_t size = 0;
    };

    static constexpr Table owned(std::string_view name) { return Table(name, false); }
    static constexpr Table shared(std::string_view name) { return Table(name, true); }

    // Key columns come first, in key order.
    constexpr Table key(std::string_view name, Type type) const {
        if (columns_size_ != key_size_) throw std::logic_error("key columns come before the others");
        if (type == Type::json || type == Type::real) throw std::logic_error("json and double are no keys");
        if (key_size_ == kKeyColumnsMax) throw std::logic_error("too many key columns");
        Table next = with({0, type, Merge::none, name});
        ++next.key_size_;
        return next;
    }
    // owned
    constexpr Table column(std::string_view name, Type type) const {
        if (shared_) throw std::logic_error("a column of a shared table is one of add, least, greatest, newest");
        return with({0, type, Merge::none, name});
    }
    // shared: integers; the last digits of a sum of doubles would depend on the order
    constexpr Table add(std::string_view name) const { return merged(name, Type::integer, Merge::add); }
    // shared: integer, double, time or date
    constexpr Table least(std::string_view name, Type type) const { return ordered(name, type, Merge::least); }
    constexpr Table greatest(std::string_view name, Type type) const {
        return ordered(name, type, Merge::greatest);
    }
    // shared: of the event with the highest position
    constexpr Table newest(std::string_view name, Type type) const { return merged(name, type, Merge::newest); }

    // Beside the key; never unique, since uniqueness over streams would depend on their order. A list over HTTP
    // needs one for each of its filters: {filter, order}, or {filter} alone where few rows share a value.
    constexpr Table index(std::initializer_list<std::string_view> columns) const {
        if (indexes_size_ == kIndexesMax || columns.size() > kKeyColumnsMax || columns.size() == 0)
            throw std::logic_error("too many indexes or columns of one");
        Table next = *this;
        Index& index = next.indexes_[next.indexes_size_++];
        for (std::string_view column : columns) {
            find(column);
            index.columns[index.size++] = column;
        }
        return next;
    }

    consteval Column operator[](std::string_view column) const { return find(column); }
    // The same when the name is only known at run time; throws std::logic_error.
    constexpr Column find(std::string_view column) const {
        for (std::size_t at = 0; at < columns_size_; ++at)
            if (columns_[at].name == column) return columns_[at];
        throw std::logic_error("no such column is declared");
    }

    constexpr std::string_view name() const { return name_; }
    constexpr bool is_shared() const { return shared_; }
    constexpr std::size_t key_size() const { return key_size_; }
    constexpr std::size_t columns_size() const { return columns_size_; }
    constexpr const Column& column_at(std::size_t at) const { return columns_[at]; }
    constexpr std::size_t indexes_size() const { return indexes_size_; }
    constexpr const Index& index_at(std::size_t at) const { return indexes_[at]; }

private:
    constexpr Table(std::string_view name, bool shared) : name_(name), shared_(shared) {}

    constexpr Table with(Column column) const {
        if (columns_size_ == kColumnsMax) throw std::logic_error("too many columns");
        for (std::size_t at = 0; at < columns_size_; ++at)
            if (columns_[at].name == column.name) throw std::logic_error("two columns have one name");
        Table next = *this;
        column.index = static_cast<std::uint32_t>(next.columns_size_);
        next.columns_[next.columns_size_++] = column;
        return next;
    }
    constexpr Table merged(std::string_view name, Type type, Merge merge) const {
        if (!shared_) throw std::logic_error("add, least, greatest and newest are for shared tables");
        return with({0, type, merge, name});
    }
    constexpr Table ordered(std::string_view name, Type type, Merge merge) const {
        if (type != Type::integer && type != Type::real && type != Type::time && type != Type::date)
            throw std::logic_error("least and greatest are for integer, double, time and date");
        return merged(name, type, merge);
    }

    std::string_view name_;
    bool shared_;
    std::array<Column, kColumnsMax> columns_{};
    std::size_t columns_size_ = 0;
    std::size_t key_size_ = 0;
    std::array<Index, kIndexesMax> indexes_{};
    std::size_t indexes_size_ = 0;
};

}  // namespace sdk_v1
}  // namespace lantern
