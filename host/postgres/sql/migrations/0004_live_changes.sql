-- Hosts that follow one routing, and what a handler's leases are about while it changes.

-- queues: which of a handler's queues are in force: "4" four quorum queues, "4c" four classic ones; since the routing
-- revision queues_revision. plugin_build: the build that was registered last.
alter table lantern.handlers
    add column queues          text   not null default '',
    add column queues_revision bigint not null default 0,
    add column plugin_build    text   not null default '';
update lantern.handlers set queues = partitions::text;

-- The queues that a worker reads; one that reads others than those in force gets no lease. '': any.
alter table lantern.workers add column queues text not null default '';

-- One row for each host and its routing file. file_hash, file_base: the file as it was judged last, and the revision
-- in force then: a file counts as edited once it is another than that. problems: [{"about", "text"}].
create table lantern.hosts (
    host         text   not null,
    routing_file text   not null,
    run          uuid   not null,
    pid          integer not null,
    revision     bigint not null default 0,
    file_hash    text   not null default '',
    file_base    bigint not null default 0,
    file_state   text   not null default 'in force' check (file_state in ('in force', 'differs', 'refused')),
    problems     json   not null default '[]',
    started_at   timestamptz not null default now(),
    seen_at      timestamptz not null default now(),
    primary key (host, routing_file)
);

-- What the relay has still to take away from the broker. event_type '': the queues themselves, once nobody reads them.
create table lantern.retired_bindings (
    handler    text not null,
    queues     text not null,
    event_type text not null default '',
    primary key (handler, queues, event_type)
);
