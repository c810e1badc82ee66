#include "host/postgres/store/admissions.hpp"

#include "host/postgres/array_literal.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kTake = statement("allowances_take");
const Statement kGiveBack = statement("allowances_give_back");
const Statement kDeny = statement("token_deny");
const Statement kDenied = statement("token_denied");

Params parameters_of(const std::vector<http::Allowance>& allowances) {
    Params params;
    params.add(array_of(allowances, [](const http::Allowance& of) { return std::string_view(of.name); }));
    params.add(array_of(allowances, [](const http::Allowance& of) { return std::int64_t{of.rate.acts}; }));
    params.add(array_of(allowances, [](const http::Allowance& of) { return std::int64_t{of.rate.per.count()}; }));
    return params;
}

}  // namespace

Admissions::Admissions(const std::string& url)
    : connection_({.url = url, .application_name = "lantern admissions"}) {}

Milliseconds Admissions::take(const std::vector<http::Allowance>& allowances) {
    connection_.ensure();
    return Milliseconds{connection_.exec(kTake, parameters_of(allowances), Commits::here).integer(0, 0)};
}

void Admissions::give_back(const std::vector<http::Allowance>& allowances) {
    connection_.ensure();
    connection_.exec(kGiveBack, parameters_of(allowances), Commits::here);
}

void Admissions::deny(const std::string& token_id, Timestamp expires_at) {
    connection_.ensure();
    connection_.exec(kDeny, Params{}.add(token_id).add(expires_at), Commits::here);
}

bool Admissions::denied(const std::string& token_id) {
    connection_.ensure();
    return connection_.exec(kDenied, Params{}.add(token_id)).boolean(0, 0);
}

}  // namespace lantern::postgres
