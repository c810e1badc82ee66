#include "host/postgres/store/copy_text.hpp"

#include <charconv>
#include <cstring>

#include "host/core/assert.hpp"
#include "host/postgres/text_format.hpp"

namespace lantern::postgres {
namespace {

char escaped(char c) {
    switch (c) {
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        case '\v':
            return 'v';
        case '\\':
            return '\\';
        default:
            return 0;
    }
}

char unescaped(char c) {
    switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'v':
            return '\v';
        default:
            return c;
    }
}

// In place; returns the end.
char* unescape(char* begin, char* end) {
    auto* from = static_cast<char*>(std::memchr(begin, '\\', static_cast<std::size_t>(end - begin)));
    if (from == nullptr) return end;
    char* to = from;
    while (from < end) {
        if (*from == '\\' && from + 1 < end) {
            *to++ = unescaped(from[1]);
            from += 2;
        } else {
            *to++ = *from++;
        }
    }
    return to;
}

}  // namespace

void append_copied(std::string& out, std::string_view text) {
    std::size_t plain = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c > '\r' && c != '\\') continue;  // what is escaped lies below, but for the backslash
        const char name = escaped(c);
        if (name == 0) continue;
        out.append(text, plain, at - plain);
        out.push_back('\\');
        out.push_back(name);
        plain = at + 1;
    }
    out.append(text, plain, text.size() - plain);
}

void append_copied(std::string& out, ColumnType type, const Value& value) {
    if (std::holds_alternative<std::monostate>(value)) {
        out += kCopiedNull;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        append_copied(out, *text);
    } else {
        append_value(out, type, value);  // holds nothing to escape
    }
}

void CopiedFields::read(std::string& line, std::size_t count) {
    char* at = line.data();
    char* const end = at + line.size();
    for (std::size_t field = 0; field < count; ++field) {
        auto* stop = static_cast<char*>(std::memchr(at, '\t', static_cast<std::size_t>(end - at)));
        LANTERN_ASSERT((stop == nullptr) == (field + 1 == count), "a line has as many fields as the query columns");
        if (stop == nullptr) stop = end;
        if (std::string_view(at, static_cast<std::size_t>(stop - at)) == kCopiedNull) {
            fields_[field] = {};
        } else {
            fields_[field] = {at, static_cast<std::size_t>(unescape(at, stop) - at)};
        }
        at = stop + 1;
    }
}

std::int64_t CopiedFields::integer(std::size_t field) const {
    const auto text = fields_[field];
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    LANTERN_ASSERT(error == std::errc{} && end == text.data() + text.size(), "an integer column holds an integer");
    return value;
}

}  // namespace lantern::postgres
