#include "message.hpp"

#include <algorithm>

namespace mail {
namespace {

constexpr std::size_t kEncodedWordBytes =
    45;  // of UTF-8: 60 characters of base64, 72 with its frame (RFC 2047: 75)
constexpr std::size_t kPlainHeaderMax = 70;
constexpr std::size_t kQuotedLineMax = 76;  // RFC 2045

bool is_plain(std::string_view text) {
    return text.find("=?") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

std::string without_controls(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return out;
}

std::string base64(std::string_view bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        unsigned group = 0;
        for (std::size_t n = 0; n < 3; ++n)
            group = group << 8 | (at + n < bytes.size() ? static_cast<unsigned char>(bytes[at + n]) : 0u);
        for (std::size_t n = 0; n < 4; ++n)
            out += at + n <= bytes.size() ? kDigits[group >> (18 - 6 * n) & 63] : '=';
    }
    return out;
}

// Header text, RFC 2047 where it is not plain ASCII; words are split between code points and folded.
std::string header_text(std::string_view raw) {
    const std::string text = without_controls(raw);
    if (is_plain(text) && text.size() <= kPlainHeaderMax) return text;
    std::string out;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(text.size(), begin + kEncodedWordBytes);
        while (end < text.size() && end > begin + 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
            --end;
        if (!out.empty()) out += "\r\n ";
        out += "=?UTF-8?B?" + base64(std::string_view(text).substr(begin, end - begin)) + "?=";
        begin = end;
    }
    return out;
}

// A display name: an encoded word or a quoted string.
std::string phrase(std::string_view name) {
    const std::string text = without_controls(name);
    if (!is_plain(text) || text.size() > kPlainHeaderMax) return header_text(text);
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string quoted_printable(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
        if (c == '\n') {
            out += "\r\n";
            line = 0;
            continue;
        }
        const bool line_ends = at + 1 == text.size() || text[at + 1] == '\n' || text[at + 1] == '\r';
        const bool blank = c == ' ' || c == '\t';
        const bool as_is = (c > 0x20 && c < 0x7F && c != '=') || (blank && !line_ends);
        if (line + (as_is ? 1 : 3) >= kQuotedLineMax) {
            out += "=\r\n";
            line = 0;
        }
        if (as_is) {
            out += static_cast<char>(c);
            line += 1;
        } else {
            out += '=';
            out += kDigits[c >> 4];
            out += kDigits[c & 15];
            line += 3;
        }
    }
    return out + "\r\n";
}

std::string date_text(lantern::Time time) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = lantern::day_of(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000",
                  kDays[std::chrono::weekday{day}.c_encoding()], unsigned(date.day()),
                  kMonths[unsigned(date.month()) - 1], int(date.year()), int(clock.hours().count()),
                  int(clock.minutes().count()), int(clock.seconds().count()));
    return text;
}

std::string part(std::string_view type, std::string_view body) {
    return "Content-Type: " + std::string(type) +
           "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(body);
}

}  // namespace

bool is_address(std::string_view address) {
    const std::size_t sign = address.find('@');
    if (sign == std::string_view::npos || sign == 0 || sign + 1 == address.size() || address.size() > 320)
        return false;
    if (address.find('@', sign + 1) != std::string_view::npos) return false;
    return std::none_of(address.begin(), address.end(), [](unsigned char c) {
        return c <= 0x20 || c == 0x7F || c == '<' || c == '>' || c == '"' || c == ',' || c == ';' || c == '\\' ||
               c == '(' || c == ')';
    });
}

std::string bytes_of(const Message& message) {
    const std::string domain = message.from.substr(message.from.find('@') + 1);
    const std::string from =
        message.from_name.empty() ? message.from : phrase(message.from_name) + " <" + message.from + ">";
    std::string out = "Date: " + date_text(message.date) +
                      "\r\n"
                      "From: " +
                      from + "\r\n" + "To: " + message.to + "\r\n" + "Subject: " + header_text(message.subject) +
                      "\r\n" + "Message-ID: <" + message.key + "@" + domain + ">\r\n" +
                      "Auto-Submitted: auto-generated\r\n"
                      "MIME-Version: 1.0\r\n";
    if (message.html.empty()) return out + part("text/plain", message.text);
    // Quoted-printable never holds "=_", so the boundary cannot occur in a part (RFC 2045, 6.7).
    const std::string boundary = "=_" + message.key;
    out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
    out += "--" + boundary + "\r\n" + part("text/plain", message.text);
    out += "--" + boundary + "\r\n" + part("text/html", message.html);
    out += "--" + boundary + "--\r\n";
    return out;
}

}  // namespace mail
