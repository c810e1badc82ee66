#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/mail/message.hpp"
#include "plugins/mail/template.hpp"

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

mail::Message message() {
    return {.from = "welcome@example.com",
            .from_name = "",
            .to = "sarah@example.com",
            .subject = "Welcome",
            .text = "Hello\n",
            .html = "<p>Hello</p>\n",
            .date = *lantern::parse_time("2026-11-23T15:47:05Z"),
            .key = "01900000-0000-5000-8000-000000000001"};
}

TEST(Message, IsWholeAndTheSameEachTime) {
    const std::string expected =
        "Date: Mon, 23 Nov 2026 15:47:05 +0000\r\n"
        "From: welcome@example.com\r\n"
        "To: sarah@example.com\r\n"
        "Subject: Welcome\r\n"
        "Message-ID: <01900000-0000-5000-8000-000000000001@example.com>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_01900000-0000-5000-8000-000000000001\"\r\n\r\n"
        "--=_01900000-0000-5000-8000-000000000001\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\nHello\r\n\r\n"
        "--=_01900000-0000-5000-8000-000000000001\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "<p>Hello</p>\r\n\r\n"
        "--=_01900000-0000-5000-8000-000000000001--\r\n";
    EXPECT_EQ(mail::bytes_of(message()), expected);
    EXPECT_EQ(mail::bytes_of(message()), mail::bytes_of(message()));
}

TEST(Message, ASubjectCannotAddAHeader) {
    auto evil = message();
    evil.subject = "Hi\r\nBcc: everyone@example.com";
    EXPECT_THAT(mail::bytes_of(evil), HasSubstr("Subject: Hi  Bcc: everyone@example.com\r\n"));
}

TEST(Message, OtherLettersAreEncodedWords) {
    auto umlaut = message();
    umlaut.subject = "Grüße, Jörg";
    umlaut.from_name = "Team \"X\"";
    const std::string bytes = mail::bytes_of(umlaut);
    EXPECT_THAT(bytes, HasSubstr("Subject: =?UTF-8?B?R3LDvMOfZSwgSsO2cmc=?=\r\n"));
    EXPECT_THAT(bytes, HasSubstr("From: \"Team \\\"X\\\"\" <welcome@example.com>\r\n"));
}

TEST(Message, NoLineIsTooLong) {
    auto broad = message();
    for (int n = 0; n < 40; ++n) broad.subject += " übergroß";
    broad.text = std::string(3000, 'x') + " \n" + broad.subject + "=\n.\n";
    const std::string bytes = mail::bytes_of(broad);
    for (std::size_t begin = 0, end; (end = bytes.find("\r\n", begin)) != std::string::npos; begin = end + 2)
        EXPECT_LE(end - begin, 90u) << bytes.substr(begin, end - begin);
    EXPECT_THAT(bytes, HasSubstr("=C3=BCbergro=C3=9F"));
}

TEST(Message, KnowsAnAddress) {
    EXPECT_TRUE(mail::is_address("sarah@example.com"));
    for (const char* bad : {"", "sarah", "@x", "x@", "a@b@c", "a@b\r\nRCPT TO:<c@d>", "<a@b>", "a b@c", "a@b,c@d"})
        EXPECT_FALSE(mail::is_address(bad)) << bad;
}

constexpr std::string_view kFields[] = {"name", "city"};

TEST(Template, FillsItsPlaces) {
    const mail::Template hello("text", "Hello {{name}} of {{ city }}, {{name}}!", kFields);
    const auto value = [](std::string_view field) { return field == "name" ? "<Sarah & \"co\">" : "{{name}}"; };
    EXPECT_EQ(hello.filled(value, mail::Escape::none), "Hello <Sarah & \"co\"> of {{name}}, <Sarah & \"co\">!");
    EXPECT_THAT(hello.filled(value, mail::Escape::html), HasSubstr("&lt;Sarah &amp; &quot;co&quot;&gt;"));
}

TEST(Template, TheFirstFieldThatIsNotEmptyFillsAPlace) {
    const mail::Template hello("text", "{{name | city}} {{name|name}}{{city|name}}", kFields);
    const auto value = [](std::string_view field) -> std::string_view { return field == "name" ? "" : "<Oslo>"; };
    EXPECT_EQ(hello.filled(value, mail::Escape::none), "<Oslo> <Oslo>");
    EXPECT_EQ(hello.filled(value, mail::Escape::html), "&lt;Oslo&gt; &lt;Oslo&gt;");
}

TEST(Template, NamesAWrongPlace) {
    for (const char* place : {"{{name|nick}}", "{{nick|name}}", "{{name|}}", "{{|name}}"})
        EXPECT_THROW(mail::Template("text", place, kFields), std::invalid_argument) << place;
    EXPECT_THAT([] { mail::Template("text", "{{password_hash}}", kFields); },
                ThrowsMessage<std::invalid_argument>(::testing::AllOf(
                    HasSubstr("setting text"), HasSubstr("{{password_hash}}"), HasSubstr("{{name}} {{city}}"))));
    EXPECT_THAT([] { mail::Template("html", "{{name", kFields); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("without }}")));
}

}  // namespace
