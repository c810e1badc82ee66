#define RESTINIO_USE_BOOST_ASIO
#include "host/http/certificate.hpp"

#include <openssl/err.h>
#include <openssl/x509err.h>
#include <sys/stat.h>

#include "host/core/fault.hpp"

namespace lantern::http {
namespace {

using Context = boost::asio::ssl::context;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
    throw Fault(FaultKind::configuration, "http.tls", file.string() + ": " + why);
}

std::shared_ptr<Context> bare() {
    auto context = std::make_shared<Context>(Context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_options(Context::no_compression | SSL_OP_NO_RENEGOTIATION);
    return context;
}

std::string stamp_of(const std::filesystem::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return "none";
    return std::to_string(found.st_ino) + " " + std::to_string(found.st_size) + " " +
           std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

}  // namespace

Certificate::Certificate(const TlsSettings& files)
    : files_(files), stamp_(stamp()), current_(read()), front_(bare()) {
    SSL_CTX_set_client_hello_cb(
        front_->native_handle(),
        [](SSL* connection, int*, void* self) {
            SSL_set_SSL_CTX(connection, static_cast<Certificate*>(self)->current_->native_handle());
            return SSL_CLIENT_HELLO_SUCCESS;
        },
        this);
}

Certificate::Look Certificate::look(std::string& why) {
    auto now = stamp();
    if (now == stamp_) return Look::same;
    stamp_ = std::move(now);  // what cannot be used is said once
    try {
        current_ = read();
        return Look::renewed;
    } catch (const Fault& fault) {
        why = fault.what();
        return Look::refused;
    }
}

std::shared_ptr<Context> Certificate::read() const {
    auto context = bare();
    boost::system::error_code error;
    // Nobody is there to type the password of a key.
    context->set_password_callback([](std::size_t, Context::password_purpose) { return std::string(); });
    context->use_certificate_chain_file(files_.certificate.string(), error);
    if (error) refuse(files_.certificate, "no certificate in PEM form can be read from it: " + error.message());
    context->use_private_key_file(files_.key.string(), Context::pem, error);
    const bool another =
        error && ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
    if (another || (!error && SSL_CTX_check_private_key(context->native_handle()) != 1))
        refuse(files_.key, "this key is not the one of the certificate " + files_.certificate.string());
    if (error) refuse(files_.key, "no unencrypted private key in PEM form can be read from it: " + error.message());
    return context;
}

std::string Certificate::stamp() const {
    return stamp_of(files_.certificate) + ", " + stamp_of(files_.key);
}

}  // namespace lantern::http
