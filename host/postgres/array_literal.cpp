#include "host/postgres/array_literal.hpp"

#include <variant>

#include "host/postgres/text_format.hpp"

namespace lantern::postgres {

ArrayLiteral& ArrayLiteral::reserve(std::size_t bytes) {
    text_.reserve(bytes);
    return *this;
}

ArrayLiteral& ArrayLiteral::add(std::int64_t value) {
    next();
    append_integer(text_, value);
    return *this;
}

ArrayLiteral& ArrayLiteral::add(std::string_view text) {
    next();
    text_.push_back('"');
    std::size_t from = 0;
    for (;;) {
        const auto special = text.find_first_of("\"\\", from);
        text_.append(text.substr(from, special - from));
        if (special == std::string_view::npos) break;
        text_.push_back('\\');
        text_.push_back(text[special]);
        from = special + 1;
    }
    text_.push_back('"');
    return *this;
}

ArrayLiteral& ArrayLiteral::add(const Uuid& id) {
    next();
    text_ += id.text();
    return *this;
}

ArrayLiteral& ArrayLiteral::add(Timestamp time) {
    next();
    text_.push_back('"');
    append_time(text_, time.time_since_epoch());
    text_.push_back('"');
    return *this;
}

ArrayLiteral& ArrayLiteral::add(ColumnType type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) return add_null();
    switch (type) {
        case ColumnType::text:
        case ColumnType::uuid:
        case ColumnType::json:
            return add(std::string_view(std::get<std::string>(value)));
        default:
            break;
    }
    next();
    text_.push_back('"');  // a time holds a space
    append_value(text_, type, value);
    text_.push_back('"');
    return *this;
}

ArrayLiteral& ArrayLiteral::add_null() {
    next();
    text_ += "NULL";
    return *this;
}

std::string ArrayLiteral::take() && {
    text_.push_back('}');
    return std::move(text_);
}

}  // namespace lantern::postgres
