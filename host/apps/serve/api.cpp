// lantern api: answers HTTP. The host starts two or more of them, which share one port.
#include "host/http/api.hpp"

#include <malloc.h>

#include "host/apps/serve/aggregates.hpp"
#include "host/apps/serve/api_description.hpp"
#include "host/apps/serve/event_intake.hpp"
#include "host/apps/serve/ready_signal.hpp"
#include "host/apps/serve/served_schemas.hpp"
#include "host/apps/serve/shared_heads.hpp"
#include "host/apps/serve/watched_aggregates.hpp"
#include "host/apps/verbs.hpp"
#include "host/core/fault.hpp"
#include "host/http/server.hpp"
#include "host/openapi/pages.hpp"
#include "host/postgres/store/admissions.hpp"
#include "host/postgres/store/announcer.hpp"
#include "host/postgres/store/arrivals.hpp"
#include "host/postgres/store/reads.hpp"
#include "host/postgres/store/store.hpp"
#include "host/processes/stop_request.hpp"
#include "host/security/hashing_pool.hpp"
#include "host/security/passwords.hpp"
#include "host/security/secrets.hpp"
#include "host/security/tokens.hpp"
#include "host/telemetry/log.hpp"

namespace lantern::apps {
namespace {

// A route whose aggregate is not among them answers 503.
command::Aggregates aggregates_of(const plugin_loading::Directory& plugins, const Settings& settings,
                                  WatchedCalls& calls, const telemetry::Log& log) {
    auto aggregates = load_aggregates(plugins, settings, log);
    for (auto& [type, loaded] : aggregates) loaded = watched(std::move(loaded), calls);
    for (const auto& route : settings.http.commands)
        if (!aggregates.contains(route.aggregate))
            log.error("no plugin decides this route; it answers 503",
                      {{"route", route.method + " " + route.path}, {"aggregate", route.aggregate}});
    return aggregates;
}

// The access log. Of the target only the path: a query may hold what should not be kept.
void log_answer(const telemetry::Log& log, bool access, const http::Answered& answered) {
    using telemetry::Level;
    const bool failed = answered.response.status >= 500;
    const auto level = failed ? Level::error : access ? Level::info : Level::debug;
    if (!log.writes(level)) return;
    const auto& target = answered.request.target;
    telemetry::Fields fields{{"method", answered.request.method},
                             {"path", target.substr(0, target.find('?'))},
                             {"status", answered.response.status},
                             {"bytes", static_cast<std::int64_t>(answered.response.body.size())},
                             {"took_us", answered.took.count()},
                             {"from", answered.request.remote_address},
                             {"caller", answered.caller},
                             {"request_id", answered.trace.request_id},
                             {"traceparent", answered.trace.traceparent}};
    if (!answered.defect.empty()) fields.push_back({"why", answered.defect});
    log.write(level, "answered", fields);
}

std::unique_ptr<security::Tokens> tokens_of(const Settings& settings) {
    if (settings.http.auth.token_key.empty()) return nullptr;
    return std::make_unique<security::Tokens>(settings.http.auth.token_key);
}

// Of a password that nobody knows.
std::string decoy_hash() {
    SystemRandom random;
    const auto hash = security::hash_password(std::to_string(random.next()) + std::to_string(random.next()));
    if (!hash) throw Fault(FaultKind::configuration, "api", "no memory to hash a password");
    return *hash;
}

// Everything that an api process is made of, in the order in which it is made.
class Process {
public:
    Process(const Settings& settings, const std::filesystem::path& cache, const telemetry::Log& log)
        : settings_(settings),
          log_(log),
          schemas_(load_schemas(settings)),
          plugins_(plugins_of(settings, cache, log)),
          aggregates_(aggregates_of(plugins_, settings, calls_, log)),
          description_(settings_, schemas_, plugins_.descriptions()),
          mac_(settings.http.admin_token + settings.http.auth.token_key),
          tokens_(tokens_of(settings)),
          heads_(cache, settings.postgres_url),
          announcer_(settings.postgres_url),
          owned_(owned_types(settings_, plugins_.descriptions())),
          intake_(intake_world(settings_, schemas_, owned_, aggregates_, heads_, clock_, &calls_)),
          workers_(settings.http.threads,
                   {[this] { return std::make_unique<postgres::Store>(settings_.postgres_url); },
                    [this] { return std::make_unique<postgres::Reads>(settings_.postgres_url); },
                    [this] { return std::make_unique<postgres::Admissions>(settings_.postgres_url); },
                    [this] { return std::make_unique<postgres::Arrivals>(settings_.postgres_url); }}),
          hashing_(settings.http.hash_threads),
          api_(world()),
          server_(server_options(), [this](http::Request request, http::Respond respond) {
              api_.handle(std::move(request), std::move(respond));
          }) {
        if (const auto& why = server_.not_limited(); !why.empty())
            log_.warn("all processes of the api are given connections, not http.serving of them", {{"why", why}});
    }

    // Nothing more comes in, what was taken is answered; then the threads end, while all they use is still there.
    ~Process() {
        server_.stop();
        hashing_.stop();
        workers_.stop();
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    int port() const { return server_.port(); }

private:
    http::Api::World world() {
        return {settings_.http,
                {aggregates_, cache_, heads_, mac_, clock_, &calls_},
                hashing_,
                announcer_,
                workers_,
                [this](const Event& event) {
                    return schemas_.events.shown(event.type, event.schema_version, event.data);
                },
                [this](const CommandRoute& route, std::string_view data) { return check_request(route, data); },
                [this](std::string_view token) { return caller(token); },
                tokens_.get(),
                decoy_hash(),
                [this](const http::Answered& answered) { log_answer(log_, settings_.http.access_log, answered); },
                documents(),
                &intake_};
    }

    http::ServerOptions server_options() const {
        const auto& http = settings_.http;
        http::ServerOptions options{http.address, http.port, http.body_bytes_max, http.connections_max};
        options.read_limit = http.read_limit;
        options.tls = http.tls;
        options.serving = http.serving < http.processes ? http.serving : 0;
        options.tls_news = [this](const std::string& why, bool refused) {
            if (refused)
                log_.error("the new certificate cannot be used, the old one stays", {{"why", why}});
            else
                log_.info("the certificate was read again");
        };
        return options;
    }

    http::Documents::World documents() {
        if (settings_.http.docs == HttpSettings::Docs::off) return {};
        return {[this](http::Reads& reads) { return description_.text(reads); }, openapi::pages()};
    }

    std::vector<command::Rejection> check_request(const CommandRoute& route, std::string_view data) const {
        const auto* schema = schemas_.requests.find(route);
        return schema ? rejections_of(schema->check(data)) : std::vector<command::Rejection>{};
    }

    // One fixed token, of the operator.
    std::optional<command::Actor> caller(std::string_view token) const {
        const auto& admin = settings_.http.admin_token;
        if (admin.empty() || !security::equal_in_constant_time(token, admin)) return std::nullopt;
        return command::Actor{"admin", "admin", {"*", "user:admin"}};
    }

    const Settings settings_;
    const telemetry::Log log_;
    const ServedSchemas schemas_;
    WatchedCalls calls_;
    const plugin_loading::Directory plugins_;
    const command::Aggregates aggregates_;
    LiveDescription description_;
    const security::KeyedMac mac_;
    const std::unique_ptr<security::Tokens> tokens_;  // nullptr: nobody logs in
    SystemClock clock_;
    SharedHeads heads_;
    command::StreamCache cache_{limits::kStreamCacheBytes};
    postgres::Announcer announcer_;
    const std::set<std::string> owned_;
    const intake::Intake intake_;
    http::Workers workers_;
    security::HashingPool hashing_;
    http::Api api_;
    http::Server server_;
};

// A long stream takes a few megabytes for a moment. Given back to the kernel after each request, they would be
// mapped and cleared again for the next one, which costs as much as the folding.
void keep_freed_memory() {
    constexpr int kKeptBytes = 32 << 20;  // in each arena, at most; malloc takes no more
    mallopt(M_MMAP_THRESHOLD, kKeptBytes);
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

int run_api(const Instance& at) {
    keep_freed_memory();
    const processes::StopRequest stop;
    const Settings settings = at.settings();
    const telemetry::Log log(settings.log);
    security::start();
    if (settings.http.auth.token_key.empty()) log.warn("http.auth.token_key is empty: nobody can log in");
    if (settings.http.admin_token.empty() && settings.http.auth.token_key.empty())
        log.warn("http.admin_token is empty too: every route that needs a token answers 401");
    const Process process(settings, at.cache_directory(), log);
    log.info("api listens", {{"address", settings.http.address}, {"port", process.port()}});
    ReadySignal::give();
    while (!stop.wait(std::chrono::hours{1})) continue;
    log.info("api ends");
    return 0;
}

}  // namespace

void add_api(Verbs& verbs) {
    verbs.add("api", "answer HTTP (the host starts these by itself)",
              [](const Instance& at) { return run_api(at); });
}

}  // namespace lantern::apps
