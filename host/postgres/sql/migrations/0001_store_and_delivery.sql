-- The whole shape of the store and of delivery. Later migrations add behaviour, not shape.
-- Everything that Lantern itself persists in PostgreSQL is described here; what a handler owns lives in the
-- handler's own schema and is generated from its declared tables (host/postgres/tables/handler_schema.cpp).

-- Which store this is. Carried by every message, checked at every connect: after a restore or a fail-over
-- that lost commits nothing may be delivered until the store is adopted.
create table lantern.incarnation (
    only_row          boolean primary key default true check (only_row),
    id                uuid        not null,
    system_identifier bigint      not null,
    timeline          integer     not null,
    adopted_at        timestamptz not null default now()
);
insert into lantern.incarnation (id, system_identifier, timeline)
select gen_random_uuid(), s.system_identifier, c.timeline_id
  from pg_control_system() s, pg_control_checkpoint() c;

-- ---- the event store ---------------------------------------------------------------------------------------

-- One row for each aggregate; `revision` is the head. bucket = stream_id % 32.
create table lantern.streams (
    stream_id      bigint generated always as identity primary key,
    aggregate_type text   not null,
    aggregate_id   text   not null,
    revision       bigint not null default 0,
    unique (aggregate_type, aggregate_id)
);

-- CACHE 1, and drawn only after the writer owns its xid and its stream row: position order is revision order
-- within a stream, and a position above a mark's floor can only belong to a transaction younger than the mark.
create sequence lantern.events_position cache 1;

create table lantern.events (
    position       bigint      not null,
    stream_id      bigint      not null,
    revision       bigint      not null,
    id             uuid        not null,
    type           text        not null,
    schema_version integer     not null,
    recorded_at    timestamptz not null,
    xid            xid8        not null,
    data           json,
    metadata       json        not null,
    constraint events_pkey primary key (position),
    constraint events_stream_revision unique (stream_id, revision) include (type, position),
    constraint events_id unique (id)
);
create index events_xid on lantern.events (xid, position);

create function lantern.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'lantern.% is immutable: % is refused', tg_table_name, tg_op
        using errcode = 'LN002', hint = 'Events are facts. Append a new event that corrects the old one.';
end $$;
create trigger events_immutable before update or delete on lantern.events
    for each row execute function lantern.refuse_change();
create trigger events_not_truncated before truncate on lantern.events
    for each statement execute function lantern.refuse_change();

-- Keys that hold across streams, as a function of each stream's state.
create table lantern.unique_keys (
    scope     text   not null,
    key       text   not null,
    stream_id bigint not null references lantern.streams,
    primary key (scope, key)
);
create index unique_keys_stream on lantern.unique_keys (stream_id);

-- Bounded counters, for rules over many streams; moved in the append transaction.
create table lantern.counters (
    name  text primary key,
    value bigint not null
);

-- Folded states, every N events; ignored when version or build differ.
create table lantern.snapshots (
    stream_id     bigint primary key references lantern.streams,
    revision      bigint not null,
    state_version integer not null,
    build         text   not null,
    state         json   not null
);

-- First answers to Idempotency-Key, kept 24 h. request_mac is an HMAC of the request.
create table lantern.idempotency (
    caller      text  not null,
    route       text  not null,
    key         text  not null,
    request_mac bytea not null,
    status      integer not null,
    body        json,
    recorded_at timestamptz not null default now(),
    primary key (caller, route, key)
);
create index idempotency_age on lantern.idempotency (recorded_at);

-- Foreign ids are unique only within their source.
create table lantern.intake (
    source   text not null,
    id       text not null,
    event_id uuid not null,
    primary key (source, id)
);

-- ---- readers -----------------------------------------------------------------------------------------------

-- How far a reader has read: everything visible in `snapshot`; floor = the sequence's value before the snapshot.
-- ceiling: the sequence's value after the snapshot; nothing visible in the snapshot lies above it.
-- While a slice is being worked off, target_* is its upper mark and cursor the last position done in it.
create table lantern.marks (
    reader          text primary key,
    epoch           bigint not null default 0,
    leader          uuid,
    leader_seen_at  timestamptz,
    floor           bigint not null,
    snapshot        pg_snapshot not null,
    ceiling         bigint not null,
    target_floor    bigint,
    target_snapshot pg_snapshot,
    target_ceiling  bigint,
    cursor          bigint,
    updated_at      timestamptz not null default now()
);

-- ---- routing -----------------------------------------------------------------------------------------------

create table lantern.routing_revisions (
    number     bigint primary key,
    parent     bigint references lantern.routing_revisions,
    content    text not null,
    hash       text not null,
    applied_by text not null,
    applied_at timestamptz not null default now()
);

-- handler_id keys the barrier (advisory lock class 0x4c42, object handler_id).
-- Lag looks above settled_floor: no transaction can still commit an event at or below it, and every routed one is
-- applied or parked. settling_*: a mark whose floor may become it once all its ids have ended.
create table lantern.handlers (
    handler_id       integer generated always as identity unique,
    handler          text    primary key,
    kind             text    not null check (kind in ('projection', 'side_effect')),
    plugin           text    not null,
    plugin_version   text    not null default '',
    schema_version   integer not null default 1,
    declaration      json,
    declaration_hash text    not null default '',
    generation       bigint  not null default 1,
    partitions       integer not null,
    state            text    not null default 'attached'
                     check (state in ('attached', 'detached', 'paused', 'quarantined', 'held', 'removed')),
    state_reason     text    not null default '',
    state_since      timestamptz not null default now(),
    verified_floor   bigint  not null default 0,
    verified         pg_snapshot,
    settled_floor    bigint  not null default 0,
    settling_floor   bigint,
    settling         pg_snapshot,
    created_at       timestamptz not null default now()
);

-- A route wants events with begin_position < position <= end_position; it wants nothing while its beginning is
-- null: `start: now` begins at the position current once the queue is bound (bind first, then note it).
create table lantern.routes (
    route_id       bigint generated always as identity primary key,
    handler        text   not null references lantern.handlers (handler),
    event_type     text   not null,
    begin_position bigint,
    end_position   bigint
);
create unique index routes_open on lantern.routes (handler, event_type) where end_position is null;

-- ---- workers -----------------------------------------------------------------------------------------------

-- One heartbeat covers all leases of its worker.
create table lantern.workers (
    worker_id    uuid primary key,
    handler      text not null,
    host         text not null,
    pid          integer not null,
    plugin_build text not null,
    started_at   timestamptz not null default now(),
    heartbeat_at timestamptz not null default now(),
    progress_at  timestamptz not null default now(),
    note         text not null default ''
);
create index workers_handler on lantern.workers (handler);

-- epoch rises each time a partition changes hands; what an older epoch still tries is fenced.
-- feed_*: history is fed from the store up to feed_target, the position current once the queue was bound
-- (null: not bound yet); feed_cursor is the last position done.
create table lantern.leases (
    handler     text     not null references lantern.handlers (handler),
    partition   integer  not null,
    worker_id   uuid,
    epoch       bigint   not null default 0,
    feed_cursor bigint   not null default 0,
    feed_target bigint,
    primary key (handler, partition)
);

-- The ledger of side effects: one row for (handler, event).
create table lantern.effects (
    handler      text   not null,
    event_id     uuid   not null,
    stream_id    bigint not null,
    revision     bigint not null,
    key          uuid   not null,
    state        text   not null check (state in ('pending', 'done', 'skipped', 'failed', 'held', 'suppressed')),
    epoch        bigint not null,
    attempt      integer not null,
    started_at   timestamptz not null default now(),
    finished_at  timestamptz,
    note         text not null default '',
    primary key (handler, event_id)
);
create index effects_pending on lantern.effects (handler, stream_id) where state = 'pending';

-- Every failed attempt of a parked stream, with its time and error.
create table lantern.attempts (
    handler      text   not null,
    stream_id    bigint not null,
    revision     bigint not null,
    event_id     uuid   not null,
    attempt      integer not null,
    at           timestamptz not null default now(),
    outcome      text not null,
    error        text not null,
    fingerprint  text not null default '',
    plugin_build text not null,
    primary key (handler, stream_id, revision, attempt, at)
);

-- Every action of an operator.
create table lantern.admin_log (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    who     text not null,
    action  text not null,
    subject text not null,
    reason  text not null default '',
    detail  json
);

create table lantern.jobs (
    job_id     bigint generated always as identity primary key,
    handler    text not null references lantern.handlers (handler),
    kind       text not null check (kind in ('rebuild', 'replay')),
    state      text not null,
    request    json not null,
    progress   json not null default '{}',
    created_at timestamptz not null default now(),
    ended_at   timestamptz
);
