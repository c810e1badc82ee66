#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "post.hpp"

namespace mail {
namespace {

using lantern::Outcome;
constexpr const char* kDependency = "smtp";
constexpr long kConnectTimeoutMs = 10'000;

struct Upload {
    std::string_view rest;

    static std::size_t read(char* into, std::size_t size, std::size_t count, void* upload) {
        auto& self = *static_cast<Upload*>(upload);
        const std::size_t bytes = std::min(size * count, self.rest.size());
        std::memcpy(into, self.rest.data(), bytes);
        self.rest.remove_prefix(bytes);
        return bytes;
    }
};

bool is_away(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_LOGIN_DENIED:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_USE_SSL_FAILED:
            return true;
        default:
            return false;
    }
}

// What is wrong with everybody's mail is unavailable; with this recipient, rejected; else it may work later.
Outcome failed(CURLcode code, long reply, std::string_view detail) {
    std::string why = curl_easy_strerror(code);
    if (!detail.empty()) why = detail;
    const bool of_session = detail.starts_with("MAIL failed") || detail.starts_with("Got unexpected smtp-server");
    if (is_away(code) || reply == 421 || (of_session && reply >= 400))
        return Outcome::unavailable(kDependency, why);
    if (reply >= 500 && reply < 600) return Outcome::rejected("the mail server refused the message: " + why);
    return Outcome::retry(why);
}

class SmtpPost final : public Post {
public:
    explicit SmtpPost(SmtpSettings settings) : settings_(std::move(settings)), curl_(curl_easy_init()) {
        if (!settings_.url.starts_with("smtp://") && !settings_.url.starts_with("smtps://"))
            throw std::invalid_argument("setting smtp_url: found \"" + settings_.url +
                                        "\", expected smtp://host:port or smtps://host:port");
        if (!curl_) throw std::runtime_error("curl_easy_init failed");
    }

    Outcome send(const Message& message, std::chrono::milliseconds time_limit) override {
        const std::string bytes = bytes_of(message);
        Upload upload{bytes};
        const std::string from = "<" + message.from + ">";
        const std::string to = "<" + message.to + ">";
        const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
            curl_slist_append(nullptr, to.c_str()), &curl_slist_free_all);
        char detail[CURL_ERROR_SIZE] = "";

        CURL* curl = curl_.get();
        curl_easy_reset(curl);  // keeps the connection
        set_session(curl);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(time_limit.count()));
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &Upload::read);
        curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
        const CURLcode code = curl_easy_perform(curl);
        long reply = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
        if (code == CURLE_OK) return Outcome::applied();
        return failed(code, reply, detail);
    }

private:
    void set_session(CURL* curl) const {
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(curl, CURLOPT_URL, settings_.url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
        const long tls = settings_.tls == SmtpSettings::Tls::none       ? CURLUSESSL_NONE
                         : settings_.tls == SmtpSettings::Tls::required ? CURLUSESSL_ALL
                                                                        : CURLUSESSL_TRY;
        curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
        if (settings_.username.empty()) return;
        curl_easy_setopt(curl, CURLOPT_USERNAME, settings_.username.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, settings_.password.c_str());
    }

    struct End {
        void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    };

    const SmtpSettings settings_;
    const std::unique_ptr<CURL, End> curl_;
};

}  // namespace

std::unique_ptr<Post> smtp_post(SmtpSettings settings) {
    return std::make_unique<SmtpPost>(std::move(settings));
}

}  // namespace mail
