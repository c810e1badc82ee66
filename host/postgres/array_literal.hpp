// Writes a one-dimensional array as PostgreSQL reads it from text: {1,2,NULL,"a \"b\""}. One parameter then carries
// a whole column of a batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/core/identifiers.hpp"
#include "host/core/tables.hpp"

namespace lantern::postgres {

class ArrayLiteral {
public:
    ArrayLiteral() : text_(1, '{') {}

    ArrayLiteral& reserve(std::size_t bytes);
    ArrayLiteral& add(std::int64_t value);
    ArrayLiteral& add(std::string_view text);  // quoted and escaped
    ArrayLiteral& add(const Uuid& id);
    ArrayLiteral& add(Timestamp time);
    ArrayLiteral& add(ColumnType type, const Value& value);
    ArrayLiteral& add_null();

    std::string take() &&;  // closes it

private:
    void next() {
        if (text_.size() > 1) text_.push_back(',');
    }
    std::string text_;
};

// {a,b,c} of strong numbers, texts or uuids.
template <class Range, class Of>
std::string array_of(const Range& range, Of of) {
    ArrayLiteral literal;
    for (const auto& element : range) literal.add(of(element));
    return std::move(literal).take();
}

}  // namespace lantern::postgres
