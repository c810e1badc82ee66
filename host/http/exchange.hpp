// One request on its way through the api, and the ways to answer it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/command/problem.hpp"
#include "host/command/request.hpp"
#include "host/core/fault.hpp"
#include "host/http/headers.hpp"
#include "host/http/message.hpp"
#include "host/http/ports.hpp"
#include "host/http/router.hpp"
#include "host/http/target.hpp"

namespace lantern::http {

// What the log is told of an answer. `defect` is what the caller is not told.
struct Answered {
    const Request& request;
    const Response& response;
    const Trace& trace;
    const std::string& caller;  // id; empty: nobody, or not known yet
    const std::string& defect;
    std::chrono::microseconds took;
};

// Lives as long as the request is unanswered; in one thread's hands at a time.
class Exchange {
public:
    using Observer = std::function<void(const Answered&)>;  // any thread

    Exchange(Request request, Trace trace, Respond respond, const Observer& observer, std::atomic<int>& admitted);
    ~Exchange();  // 503 if it was never answered: the process is ending
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const Request request;
    const Trace trace;
    Target target;
    Match match;
    command::Actor actor;
    std::optional<Claims> claims;  // of the caller who logged in
    std::vector<Header> also;      // with whatever is answered

    void answer(Response response, const std::string& defect = {});
    // application/json
    void answer_json(int status, std::string body, std::vector<Header> headers = {});
    void refuse(const command::Problem& problem, std::vector<Header> headers = {}, const std::string& defect = {});
    void refuse_fault(const Fault& fault);
    void refuse_busy(const std::string& what);
    void refuse_too_many(Milliseconds wait);           // 429
    void refuse_malformed(const std::string& detail);  // 400
    void refuse_absent(const std::string& detail);     // 404
    void refuse_defect(const std::string& defect);     // 500

private:
    const Respond respond_;
    const Observer& observer_;
    std::atomic<int>& admitted_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool answered_ = false;
};

// Shared, since a job that waits for its turn is copied by std::function.
using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace lantern::http
