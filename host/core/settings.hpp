// config/lantern.yaml and config/routing.yaml as values, defaults filled in, secrets resolved.
// Read and checked by host/settings.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/core/auth_settings.hpp"
#include "host/core/handler.hpp"
#include "host/core/limits.hpp"

namespace lantern {

// Who may use a route.
enum class Access {
    scope,   // a caller with the route's scope; with none, any caller with a token
    self,    // also the caller who is the aggregate {id} itself
    anyone,  // no token is looked at; such a route takes no Idempotency-Key
};

// A path is made of segments; {name} takes one segment. "/v1/users/{id}/" also answers without the last slash.
struct CommandRoute {
    std::string method;
    std::string path;
    std::string aggregate;  // aggregate type
    std::string command;
    int status = 200;   // when accepted
    std::string scope;  // needed of the caller; empty: any caller with a token
    Access access = Access::scope;
    bool creates = false;  // no {id}: a fresh id is made, and the stream must not exist
    // Without {id} the aggregate is named by a field of the body: its id, or, with `key`, what was typed of a
    // unique key of that scope.
    std::string id_field, key;
    // The same answer whatever comes of it and whenever, so that nobody learns what there is.
    bool blind = false;
    std::optional<Rate> per_address;  // requests from one address, over all hosts
    int repeats = 3;                  // how often the command is decided anew when another append came between
    // File with the JSON Schema of the command's data, checked before it is decided; empty: only the aggregate
    // says what fits.
    std::filesystem::path request_schema{};
};

struct QueryFilter {
    enum class Compare { equal, from, to };
    std::string parameter;
    std::string column;
    Compare compare = Compare::equal;
};

// Always GET.
struct QueryRoute {
    enum class Kind {
        row,         // one row of an owned table by the aggregate's {id}
        rows,        // rows of a table, filtered, newest first
        history,     // the events of the stream {id}
        state,       // the aggregate's state at ?timestamp= or ?revision=
        deliveries,  // where the event {id} stands in each handler
    };
    Kind kind = Kind::row;
    std::string path;
    std::string scope;
    Access access = Access::scope;
    std::string handler, table;         // row, rows
    std::string aggregate;              // row, history, state
    std::string absent_when;            // row: a column that, when not null, makes the row absent (404)
    std::vector<QueryFilter> filters;   // rows
    std::vector<std::string> order_by;  // rows: columns, descending, unless the caller sorts
    std::vector<std::string> sorts;     // rows: columns by which the caller may sort
};

// PEM files: the certificate with its chain, and its key. Read again when they change.
struct TlsSettings {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

struct HttpSettings {
    std::string address = "127.0.0.1";
    int port = 8080;  // 0: a free one
    int processes = 2;
    int serving = 1;  // of these; the others stand by
    int threads = 8;  // each with one connection to PostgreSQL
    int hash_threads = 2;
    std::string admin_token;
    std::optional<TlsSettings> tls;  // nothing: plain HTTP
    std::size_t body_bytes_max = limits::kBodyBytesMax;
    std::size_t connections_max = limits::kHttpConnectionsMax;  // of each process
    std::size_t queue_max = limits::kHttpQueueMax;  // requests taken and not yet answered, of each process
    std::chrono::milliseconds read_limit =
        limits::kHttpIdle;                            // for one request to come, from the end of the last one
    bool access_log = true;                           // a line for each answer, of level info
    std::vector<std::string> origins;                 // of which browsers may read answers (CORS); "*": any
    enum class Docs { open, off } docs = Docs::open;  // the description and its pages, for anyone
    AuthSettings auth;
    std::vector<CommandRoute> commands;
    std::vector<QueryRoute> queries;
};

// Events of other producers, as CloudEvents.
struct IntakeSettings {
    std::string path = "/v1/events/";  // of the HTTP API; empty: none are taken there
    std::string scope = "event:append";
    std::string queue = "lantern.intake";  // of RabbitMQ; empty: none are taken there
    // Types of streams that an aggregate owns, and that take events from outside all the same.
    std::vector<std::string> into_aggregates{};
    enum class UnknownTypes { refuse, accept } unknown_types = UnknownTypes::refuse;  // those without a schema
};

// Where a host shows /metrics, /healthz and /readyz, without a token.
struct MetricsSettings {
    std::string address = "127.0.0.1";
    int port = 9464;  // 0: a free one
};

// How long is kept what nothing depends on any more.
struct KeepSettings {
    std::chrono::milliseconds effects = limits::kKeepEffects;    // acts of side effects that ended
    std::chrono::milliseconds attempts = limits::kKeepAttempts;  // failures of streams that live again
    std::chrono::milliseconds answers = limits::kKeepAnswers;    // to Idempotency-Key
};

// A command that whoever may read the settings can give on the command line, for example the one that makes the
// first administrator: `lantern users create-admin --username root`.
struct CommandVerb {
    std::string name;   // words with a space between
    std::string about;  // for the help
    std::string aggregate, command;
    std::string data = "{}";           // JSON object; options are added to it
    std::vector<std::string> options;  // fields of the data, required
    std::vector<std::string> scopes;   // of whoever gives it
    std::string secret;                // field that is asked for, not given as an option; empty: none
    std::string key;                   // scope of a unique key and its option: held already, there is nothing to do
};

// Jobs of backfill.
struct BackfillSettings {
    int processes = limits::kBackfillProcesses;                    // of each job, on each host
    std::chrono::milliseconds live_lag_max = limits::kLiveLagMax;  // a job slows down beyond; 0: never
    std::chrono::milliseconds keep = limits::kKeepReplaced;        // the model that a swap replaced; 0: for good
};

struct LogSettings {
    enum class Format { automatic, text, json };  // automatic: text on a terminal, JSON lines otherwise
    Format format = Format::automatic;
    std::string level = "info";
};

struct Settings {
    std::filesystem::path file;
    std::string postgres_url;
    bool handler_roles = true;  // each handler's workers connect as a database role of their own
    std::string amqp_url;
    std::filesystem::path plugin_directory;
    std::filesystem::path routing_file;
    std::filesystem::path schema_directory;
    std::vector<CommandVerb> verbs;
    std::map<std::string, std::string> aggregate_settings;  // by aggregate type: JSON object
    HttpSettings http;
    IntakeSettings intake;
    MetricsSettings metrics;
    LogSettings log;
    KeepSettings keep;
    BackfillSettings backfill;
};

// The routing file: handlers in the order of their names, each with the event types routed to it.
struct Routing {
    std::vector<HandlerSettings> handlers;
    std::string text;  // as read
    std::string hash;  // of the text, hex
};

}  // namespace lantern
