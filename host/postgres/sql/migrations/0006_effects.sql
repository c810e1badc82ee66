-- What the relay says of itself, what is kept for how long, and which database the store is.

-- A dump restored into the server that it came from is another database there.
--   past  incarnations that this store had before it was adopted: their messages are not delivered
alter table lantern.incarnation
    add column database_oid oid,
    add column past         uuid[] not null default '{}';
update lantern.incarnation set database_oid = (select d.oid from pg_database d where d.datname = current_database());
alter table lantern.incarnation alter column database_oid set not null;

-- What holds the relay up, and since when; '': nothing.
alter table lantern.marks
    add column note       text        not null default '',
    add column note_since timestamptz not null default now();

-- Messages that came back to the relay because nothing is routed there, by event type.
create table lantern.unroutable (
    event_type text   primary key,
    messages   bigint not null,
    first_at   timestamptz not null default now(),
    last_at    timestamptz not null default now()
);

-- Housekeeping finds what is old (functions/prune.sql).
create index effects_age on lantern.effects (handler, finished_at) where state in ('done', 'skipped', 'suppressed');
create index attempts_age on lantern.attempts (handler, at);
