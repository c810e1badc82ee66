/* The hand-written limit of a rebuild: one C loop that copies the sorted history of users out, folds it, copies
 * rows and checkpoints in, and builds the keys; no plugins, no routes, no parking, no resume, fields found by text
 * search.
 *
 *   limit_rebuild POSTGRES_URL
 * prints: seconds. Exits 1 with a message on any error. Makes limit_rebuilt and limit_rebuilt_streams anew.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { kField = 128, kBuffer = 1 << 20, kFields = 6 };

static void die(const char* what, const char* why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static double now_s(void) {
    struct timeval tv;
    gettimeofday(&tv, NULL);
    return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void run(PGconn* connection, const char* sql, ExecStatusType wanted) {
    PGresult* result = PQexec(connection, sql);
    if (PQresultStatus(result) != wanted) die(sql, PQerrorMessage(connection));
    PQclear(result);
}

static PGconn* connect_to(const char* url) {
    PGconn* connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) die("connect", PQerrorMessage(connection));
    run(connection, "set work_mem = '256MB'", PGRES_COMMAND_OK);
    return connection;
}

static void field(const char* json, const char* name, char* out) {
    const char* at = strstr(json, name);
    if (!at) return;
    at = strchr(at + strlen(name) + 1, '"');
    if (!at) return;
    const char* end = strchr(at + 1, '"');
    if (!end || end - at > kField) return;
    memcpy(out, at + 1, (size_t)(end - at - 1));
    out[end - at - 1] = 0;
}

struct output {
    PGconn* connection;
    char text[kBuffer];
    int used;
};

static void flush(struct output* out) {
    if (out->used > 0 && PQputCopyData(out->connection, out->text, out->used) != 1)
        die("copy in", PQerrorMessage(out->connection));
    out->used = 0;
}

static void finish(struct output* out) {
    flush(out);
    if (PQputCopyEnd(out->connection, NULL) != 1) die("copy in", PQerrorMessage(out->connection));
    PGresult* result = PQgetResult(out->connection);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) die("copy in", PQerrorMessage(out->connection));
    PQclear(result);
    PQclear(PQgetResult(out->connection));
}

static struct output rows, streams;
static char id[kField], username[kField], email[kField], first_name[kField], last_name[kField], created[kField];
static char stream[kField], revision[kField], updated[kField];

static void end_stream(void) {
    if (!stream[0]) return;
    if (rows.used > kBuffer - 2048) flush(&rows);
    if (streams.used > kBuffer - 2048) flush(&streams);
    rows.used += sprintf(rows.text + rows.used, "%s\t%s\t%s\t%s\t%s\tuser\tactive\t%s\t%s\t%s\n", id, username,
                         email, first_name, last_name, created, updated, revision);
    streams.used += sprintf(streams.text + streams.used, "%s\t%s\n", stream, revision);
}

static void fold(char* line) {
    char* fields[kFields];
    for (int at = 0; at < kFields; ++at) {
        fields[at] = line;
        line = strchr(line, at + 1 < kFields ? '\t' : '\n');
        if (!line) die("copy out", "a line has too few fields");
        *line++ = 0;
    }
    if (strcmp(fields[0], stream) != 0) {
        end_stream();
        strcpy(stream, fields[0]);
        strcpy(id, fields[4]);
    }
    strcpy(revision, fields[1]);
    strcpy(updated, fields[3]);
    if (strcmp(fields[2], "USER_CREATED") == 0) {
        strcpy(created, fields[3]);
        field(fields[5], "\"username\"", username);
        field(fields[5], "\"email\"", email);
        field(fields[5], "\"last_name\"", last_name);
    }
    field(fields[5], "\"first_name\"", first_name);
}

int main(int argc, char** argv) {
    if (argc != 2) die("usage", "limit_rebuild POSTGRES_URL");
    PGconn* reader = connect_to(argv[1]);
    rows.connection = connect_to(argv[1]);
    streams.connection = connect_to(argv[1]);
    run(reader,
        "set client_min_messages = warning;"
        "drop table if exists public.limit_rebuilt; drop table if exists public.limit_rebuilt_streams;"
        "create table public.limit_rebuilt (id text, username text, email text, first_name text, last_name text,"
        " role text, status text, created_at timestamptz, updated_at timestamptz, revision bigint);"
        "create table public.limit_rebuilt_streams (stream_id bigint, revision bigint)",
        PGRES_COMMAND_OK);
    const double began = now_s();
    run(rows.connection, "copy public.limit_rebuilt from stdin", PGRES_COPY_IN);
    run(streams.connection, "copy public.limit_rebuilt_streams from stdin", PGRES_COPY_IN);
    run(reader,
        "copy (select e.stream_id, e.revision, e.type, e.recorded_at, s.aggregate_id, e.data from lantern.events e"
        " join lantern.streams s using (stream_id) order by e.stream_id, e.revision) to stdout",
        PGRES_COPY_OUT);
    for (char* line = NULL; PQgetCopyData(reader, &line, 0) > 0;) {
        fold(line);
        PQfreemem(line);
    }
    end_stream();
    finish(&rows);
    finish(&streams);
    run(reader,
        "alter table public.limit_rebuilt add primary key (id);"
        "alter table public.limit_rebuilt_streams add primary key (stream_id);"
        "create index on public.limit_rebuilt (username); create index on public.limit_rebuilt (email);"
        "create index on public.limit_rebuilt (created_at)",
        PGRES_COMMAND_OK);
    printf("%f\n", now_s() - began);
    return 0;
}
