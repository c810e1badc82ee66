#include "host/http/exchange.hpp"

namespace lantern::http {
namespace {

const Header kRetryAfter{"Retry-After", "1"};

}  // namespace

Exchange::Exchange(Request of, Trace in, Respond respond, const Observer& observer, std::atomic<int>& admitted)
    : request(std::move(of)),
      trace(std::move(in)),
      respond_(std::move(respond)),
      observer_(observer),
      admitted_(admitted) {
    ++admitted_;
}

Exchange::~Exchange() {
    if (!answered_) refuse_busy("The server is stopping.");
}

void Exchange::answer(Response response, const std::string& defect) {
    if (!answered_) --admitted_;  // its place is free before its caller can send the next
    answered_ = true;
    response.headers.push_back({"X-Request-Id", trace.request_id});
    response.headers.insert(response.headers.end(), also.begin(), also.end());
    if (observer_) {
        const auto took = std::chrono::steady_clock::now() - start_;
        observer_({request, response, trace, actor.id, defect,
                   std::chrono::duration_cast<std::chrono::microseconds>(took)});
    }
    respond_(std::move(response));
}

void Exchange::answer_json(int status, std::string body, std::vector<Header> headers) {
    answer({status, std::move(body), "application/json", std::move(headers)});
}

void Exchange::refuse(const command::Problem& problem, std::vector<Header> headers, const std::string& defect) {
    if (problem.status == 401) headers.push_back({"WWW-Authenticate", "Bearer"});
    answer({problem.status, command::to_json(problem), "application/problem+json", std::move(headers)}, defect);
}

void Exchange::refuse_fault(const Fault& fault) {
    if (fault.kind() == FaultKind::data)
        return refuse({422,
                       "refused-by-store",
                       "The store cannot keep this",
                       "A value is of a form or size that the database refuses.",
                       "",
                       "",
                       {}},
                      {}, fault.what());
    if (fault.in_doubt())
        return refuse({503,
                       "in-doubt",
                       "It is not known whether it was done",
                       "The connection to the database was lost while the command was being written. Look before "
                       "repeating it, or repeat it with the same Idempotency-Key.",
                       "",
                       "",
                       {}},
                      {kRetryAfter}, fault.what());
    refuse({503, "unavailable", "Not available now", "The database does not answer. Nothing was done.", "", "", {}},
           {kRetryAfter}, fault.what());
}

void Exchange::refuse_busy(const std::string& what) {
    refuse({503, "busy", "Not available now", what, "", "", {}}, {kRetryAfter});
}

void Exchange::refuse_too_many(Milliseconds wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    refuse({429, "too-many", "Too many requests", "Try again in " + std::to_string(seconds) + " s.", "", "", {}},
           {{"Retry-After", std::to_string(seconds)}});
}

void Exchange::refuse_malformed(const std::string& detail) {
    refuse({400, "malformed", "The request is malformed", detail, "", "", {}});
}

void Exchange::refuse_absent(const std::string& detail) {
    refuse({404, "not-found", "Not found", detail, "", "", {}});
}

void Exchange::refuse_defect(const std::string& defect) {
    refuse({500, "defect", "A defect of the server", "The log of the server tells which.", "", "", {}}, {}, defect);
}

}  // namespace lantern::http
