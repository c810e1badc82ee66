-- Backfill: jobs worked on by many processes, and schemas kept for a rollback.

-- state: running, paused, done, failed, cancelled. request: what was asked for. progress: what is shown.
-- phase: plan, load, keys, rest, catch_up, verify, swap, kept (built and not swapped).
-- schema_name is built beside the live schema; mark_*: everything up to here is applied or parked in it.
alter table lantern.jobs drop constraint jobs_kind_check;
alter table lantern.jobs add constraint jobs_kind_check check (kind in ('rebuild', 'replay', 'rollback'));
alter table lantern.jobs
    add column phase         text   not null default 'plan',
    add column schema_name   text   not null default '',
    add column mark_floor    bigint,
    add column mark_snapshot pg_snapshot,
    add column mark_ceiling  bigint,
    add column max_rate      bigint not null default 0,  -- events a second, all processes together; 0: no limit
    add column loaded_at     timestamptz,                -- the last time that history was written to its tables
    add column reason        text   not null default '',
    add column requested_by  text   not null default '';
create unique index jobs_running on lantern.jobs (handler) where ended_at is null;

-- A share of the history: streams with first_stream < stream_id <= last_stream. Those up to `cursor` are written, in
-- the transaction that moved it. Slot 0 holds the steps that one process does alone. The epoch rises with each
-- lease and fences whoever held it before.
create table lantern.job_slots (
    job_id       bigint  not null references lantern.jobs on delete cascade,
    slot         integer not null,
    first_stream bigint  not null default 0,
    last_stream  bigint  not null default 0,
    cursor       bigint  not null default 0,
    events_total bigint  not null default 0,
    events       bigint  not null default 0,
    parked       bigint  not null default 0,
    done         boolean not null default false,
    worker_id    uuid,
    epoch        bigint  not null default 0,
    beat_at      timestamptz,
    lost         integer not null default 0,  -- processes that ended while they held it
    primary key (job_id, slot)
);

-- What a swap replaced. The build wrote it and can catch it up again.
create table lantern.kept_schemas (
    handler          text    not null references lantern.handlers (handler),
    generation       bigint  not null,
    schema_name      text    not null,
    plugin           text    not null,
    plugin_version   text    not null,
    plugin_build     text    not null,
    schema_version   integer not null,
    declaration      json,
    declaration_hash text    not null,
    kept_at          timestamptz not null default now(),
    drop_after       timestamptz,
    primary key (handler, generation)
);
