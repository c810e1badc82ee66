/* The hand-written limit of the live path: one C loop over rabbitmq-c and libpq that applies user events to a users
 * table with the guarantees of a worker (late multiple acknowledgement, tables and checkpoints in one transaction,
 * duplicates dropped, a fence), and nothing else: no plugins, no routes, no parking, fields found by text search.
 *
 *   limit_live AMQP_HOST PORT USER PASSWORD VHOST QUEUE POSTGRES_URL EVENTS
 * prints: seconds from the first delivery to the last commit. Exits 1 with a message on any error.
 *
 * Expects limit_users (id primary key ...), limit_streams (stream_id primary key, revision) and limit_flush(...).
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { kBatch = 500, kPrefetch = 1000, kField = 64, kArray = 1 << 20 };

struct change {
    char id[kField], username[kField], email[kField], first_name[kField], last_name[kField];
    long long stream, before, revision;
    int created;
};

static struct change changes[kBatch];
static int change_count;
static char arrays[8][kArray];

static void die(const char* what, const char* why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static double now_s(void) {
    struct timeval tv;
    gettimeofday(&tv, NULL);
    return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void field(const char* json, size_t size, const char* name, char* out) {
    char wanted[kField];
    const int length = snprintf(wanted, sizeof wanted, "\"%s\"", name);
    const char* at = memmem(json, size, wanted, (size_t)length);
    out[0] = 0;
    if (!at) return;
    at = memchr(at + length, '"', (size_t)(json + size - at - length));
    if (!at) return;
    const char* end = memchr(at + 1, '"', (size_t)(json + size - at - 1));
    if (!end || end - at > kField) return;
    memcpy(out, at + 1, (size_t)(end - at - 1));
    out[end - at - 1] = 0;
}

static long long header(const amqp_table_t* headers, const char* name) {
    for (int i = 0; i < headers->num_entries; ++i) {
        const amqp_table_entry_t* entry = &headers->entries[i];
        if (entry->key.len == strlen(name) && !memcmp(entry->key.bytes, name, entry->key.len)) {
            return entry->value.value.i64;
        }
    }
    die("header", name);
    return 0;
}

static struct change* change_of(long long stream) {
    for (int i = change_count - 1; i >= 0; --i) {
        if (changes[i].stream == stream) return &changes[i];
    }
    struct change* fresh = &changes[change_count++];
    memset(fresh, 0, sizeof *fresh);
    fresh->stream = stream;
    return fresh;
}

static void take(const amqp_envelope_t* envelope) {
    const amqp_basic_properties_t* properties = &envelope->message.properties;
    const long long revision = header(&properties->headers, "revision");
    struct change* change = change_of(header(&properties->headers, "stream_id"));
    if (change->revision == 0) change->before = revision - 1;
    if (revision <= change->revision) return; /* duplicate within the batch */
    change->revision = revision;
    const char* body = envelope->message.body.bytes;
    const size_t size = envelope->message.body.len;
    const int created = properties->type.len == strlen("USER_CREATED") &&
                        !memcmp(properties->type.bytes, "USER_CREATED", properties->type.len);
    snprintf(change->id, sizeof change->id, "u-%lld", change->stream);
    if (created) {
        change->created = 1;
        field(body, size, "username", change->username);
        field(body, size, "email", change->email);
        field(body, size, "last_name", change->last_name);
    }
    field(body, size, "first_name", change->first_name);
}

static int by_stream(const void* left, const void* right) {
    const struct change *a = left, *b = right;
    return a->stream < b->stream ? -1 : a->stream > b->stream;
}

static void flush_batch(PGconn* db) {
    qsort(changes, (size_t)change_count, sizeof changes[0], by_stream);
    char* end[8];
    for (int array = 0; array < 8; ++array) end[array] = arrays[array] + sprintf(arrays[array], "{");
    for (int i = 0; i < change_count; ++i) {
        const struct change* change = &changes[i];
        const char* comma = i ? "," : "";
        end[0] += sprintf(end[0], "%s%lld", comma, change->stream);
        end[1] += sprintf(end[1], "%s%lld", comma, change->before);
        end[2] += sprintf(end[2], "%s%lld", comma, change->revision);
        end[3] += sprintf(end[3], "%s%s", comma, change->id);
        end[4] += sprintf(end[4], "%s\"%s\"", comma, change->username);
        end[5] += sprintf(end[5], "%s\"%s\"", comma, change->email);
        end[6] += sprintf(end[6], "%s\"%s\"", comma, change->first_name);
        end[7] += sprintf(end[7], "%s\"%s\"", comma, change->last_name);
    }
    const char* values[8];
    for (int array = 0; array < 8; ++array) {
        strcpy(end[array], "}");
        values[array] = arrays[array];
    }
    PGresult* result = PQexecPrepared(db, "flush", 8, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) die("flush", PQerrorMessage(db));
    PQclear(result);
    change_count = 0;
}

static amqp_connection_state_t consume(char** argv) {
    amqp_connection_state_t broker = amqp_new_connection();
    amqp_socket_t* socket = amqp_tcp_socket_new(broker);
    if (amqp_socket_open(socket, argv[1], atoi(argv[2]))) die("broker", "no connection");
    if (amqp_login(broker, argv[5], 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, argv[3], argv[4]).reply_type !=
        AMQP_RESPONSE_NORMAL) {
        die("broker", "login refused");
    }
    amqp_channel_open(broker, 1);
    amqp_basic_qos(broker, 1, 0, kPrefetch, 0);
    amqp_basic_consume(broker, 1, amqp_cstring_bytes(argv[6]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    if (amqp_get_rpc_reply(broker).reply_type != AMQP_RESPONSE_NORMAL) die("broker", "consume refused");
    return broker;
}

int main(int argc, char** argv) {
    if (argc != 9) die("usage", "limit_live HOST PORT USER PASSWORD VHOST QUEUE POSTGRES_URL EVENTS");
    const long long wanted = atoll(argv[8]);
    PGconn* db = PQconnectdb(argv[7]);
    if (PQstatus(db) != CONNECTION_OK) die("postgres", PQerrorMessage(db));
    PQclear(PQprepare(db, "flush", "select limit_flush($1, $2, $3, $4, $5, $6, $7, $8)", 0, NULL));
    amqp_connection_state_t broker = consume(argv);

    long long done = 0;
    double started = 0;
    while (done < wanted) {
        int in_hand = 0;
        uint64_t last_tag = 0;
        while (in_hand < kBatch) {
            amqp_envelope_t envelope;
            struct timeval wait = {in_hand ? 0 : 30, 0};
            amqp_maybe_release_buffers(broker);
            const amqp_rpc_reply_t reply = amqp_consume_message(broker, &envelope, &wait, 0);
            if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
                if (in_hand) break;
                die("broker", amqp_error_string2(reply.library_error));
            }
            if (started == 0) started = now_s();
            take(&envelope);
            last_tag = envelope.delivery_tag;
            amqp_destroy_envelope(&envelope);
            ++in_hand;
        }
        flush_batch(db);
        amqp_basic_ack(broker, 1, last_tag, 1);
        done += in_hand;
    }
    printf("%.3f\n", now_s() - started);
    return 0;
}
