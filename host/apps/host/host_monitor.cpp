#include "host/apps/host/host_monitor.hpp"

#include <boost/json.hpp>

#include "host/apps/host/host_metrics.hpp"
#include "host/core/fault.hpp"
#include "host/http/target.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

constexpr std::size_t kQuestionsMax = 16;

http::Response json_answer(int status, const json::object& body) {
    return {status, json::serialize(body) + "\n", "application/json", {{"Cache-Control", "no-store"}}};
}

http::Response not_ready(const std::vector<std::string>& sentences) {
    json::array stalled;
    for (const auto& sentence : sentences) stalled.emplace_back(sentence);
    return json_answer(503, {{"status", "not ready"}, {"stalled", stalled}});
}

http::ServerOptions options_of(const MetricsSettings& settings) {
    return {.address = settings.address, .port = settings.port, .body_bytes_max = 1024, .connections_max = 64};
}

}  // namespace

HostMonitor::HostMonitor(const Settings& settings, Self self, const MemberTallies& tallies)
    : postgres_url_(settings.postgres_url), self_(std::move(self)), tallies_(tallies) {
    server_.emplace(options_of(settings.metrics), [this](http::Request request, http::Respond respond) {
        take(std::move(request), std::move(respond));
    });
    thread_ = std::thread([this] { answer_all(); });
}

HostMonitor::~HostMonitor() {
    server_->stop();
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    asked_.notify_all();
    thread_.join();
}

void HostMonitor::time_limits(std::map<std::string, std::chrono::milliseconds> by_handler) {
    const std::lock_guard lock(mutex_);
    time_limits_ = std::move(by_handler);
}

void HostMonitor::take(http::Request request, http::Respond respond) {
    const auto target = http::parse_target(request.target);
    const std::string path = target && target->segments.size() == 1 ? target->segments[0] : "";
    if (path != "healthz" && path != "readyz" && path != "metrics")
        return respond(json_answer(404, {{"paths", json::array{"/healthz", "/readyz", "/metrics"}}}));
    if (request.method != "GET") return respond({405, "", "", {{"Allow", "GET"}}});
    if (path == "healthz") return respond(json_answer(200, {{"status", "alive"}}));
    request.target = path;
    {
        const std::lock_guard lock(mutex_);
        if (questions_.size() >= kQuestionsMax)
            return respond(not_ready({"PostgreSQL does not answer; earlier questions still wait for it"}));
        questions_.push_back({std::move(request), std::move(respond)});
    }
    asked_.notify_one();
}

void HostMonitor::answer_all() {
    std::unique_lock lock(mutex_);
    for (;;) {
        asked_.wait(lock, [this] { return ends_ || !questions_.empty(); });
        if (questions_.empty()) return;
        auto question = std::move(questions_.front());
        questions_.pop_front();
        lock.unlock();
        question.respond(question.request.target == "metrics" ? metrics() : readiness());
        lock.lock();
    }
}

HostMonitor::Store& HostMonitor::store() {
    if (!store_) store_.emplace(postgres_url_);
    return *store_;
}

http::Response HostMonitor::metrics() {
    telemetry::Metrics page;
    add_members(page, tallies_);
    bool answers = true;
    try {
        add_store(page, store().catalog, store().backlogs);
    } catch (const Fault&) {
        answers = false;  // the page says so, and what the members counted is shown all the same
    }
    page.gauge("lantern_store_up", "1 when PostgreSQL answered the questions of this page.", {}, answers ? 1 : 0);
    return {200, page.text(), "text/plain; version=0.0.4; charset=utf-8", {}};
}

http::Response HostMonitor::readiness() {
    if (!runs_) return not_ready({"the host starts: not everything runs yet"});
    try {
        const auto sentences = supervise::stalled(sight());
        return sentences.empty() ? json_answer(200, {{"status", "ready"}}) : not_ready(sentences);
    } catch (const Fault& fault) {
        return not_ready({"PostgreSQL: " + std::string(fault.what())});
    }
}

supervise::Sight HostMonitor::sight() {
    supervise::Sight sight{
        store().backlogs.of_handlers(), store().backlogs.of_relay(), self_.name, self_.roles, {}};
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    for (const auto& process : tallies_.processes()) {
        if (process.member.role != supervise::Role::worker) continue;
        const auto limit = time_limits_.find(process.member.handler);
        const auto since = now - std::max(process.started_at, process.pace.committed_at);
        sight.workers[process.pid] = {std::chrono::duration_cast<Milliseconds>(since),
                                      limit == time_limits_.end() ? Milliseconds{0} : limit->second};
    }
    return sight;
}

}  // namespace lantern::apps
