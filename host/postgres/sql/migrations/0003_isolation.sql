-- Plugins at fault, and what keeps them apart (functions/crashes.sql, functions/handler_roles.sql).

-- Each death that was charged to a plugin's build. subject: the handler, or, role api, the aggregate type. event_id
-- null, role worker: it died outside of any call. forgiven: an operator said to try again; it counts no more.
create table lantern.crashes (
    crash_id  bigint generated always as identity primary key,
    role      text not null check (role in ('worker', 'api')),
    subject   text not null,
    build     text not null,
    event_id  uuid,
    stream_id bigint,
    revision  bigint,
    position  bigint,
    attempt   integer,
    command   text not null default '',
    cause     text not null,
    backtrace text not null default '',
    host      text not null,
    pid       integer not null,
    at        timestamptz not null default clock_timestamp(),
    forgiven  boolean not null default false
);
create index crashes_counted on lantern.crashes (role, subject, build, at) where not forgiven;

-- The builds that a handler has run, to go back to when its newest is quarantined. ran_at: started last.
create table lantern.builds (
    handler          text not null references lantern.handlers (handler),
    build            text not null,
    plugin           text not null,
    plugin_version   text not null,
    schema_version   integer not null,
    declaration_hash text not null,
    ran_at           timestamptz not null default clock_timestamp(),
    quarantined_at   timestamptz,
    quarantined_why  text not null default '',
    primary key (handler, build)
);

-- What the passwords of the handlers' database roles are derived from. Nobody but Lantern's own role may read it.
create table lantern.role_key (
    only_row boolean primary key default true check (only_row),
    key      text not null
);
insert into lantern.role_key (key) values (replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
