-- Each handler's workers connect as a role of their own. It has the handler's schema, and of the schema lantern what a
-- worker needs: rows of its own handler, and events of types that were routed to it. So a plugin's own SQL, which runs
-- in the worker's session, can harm its own read model and nothing else.
--
-- A role belongs to the cluster, so its name holds the database: lantern_<oid of the database>_<handler>. It logs in,
-- because what a session merely SETs it can RESET. Its password is derived from lantern.role_key.

create or replace function lantern.role_of(in_handler text) returns text language sql stable as $$
    select format('lantern_%s_%s', d.oid, in_handler) from pg_database d where d.datname = current_database()
$$;

-- Whose session this is; null: no handler's.
create or replace function lantern.session_handler() returns text language sql stable as $$
    select substring(session_user from '^lantern_[0-9]+_(.+)$')
$$;

-- out_exists: the role was made.
create or replace function lantern.handler_login(in_handler text, out out_role text, out out_password text, out out_exists boolean)
language sql stable as $$
    select r.role, encode(sha256(convert_to(k.key || r.role, 'UTF8')), 'hex'),
           exists (select from pg_roles p where p.rolname = r.role)
      from lantern.role_key k, lantern.role_of(in_handler) r (role)
$$;

-- Makes the role if it is missing and may be made, and gives it its rights, also on a schema built beside the
-- handler's own. False: there is no role, since this user may not create one.
create or replace function lantern.admit_handler(in_handler text, in_schema text) returns boolean language plpgsql as $$
declare
    login record;
begin
    select * into login from lantern.handler_login(in_handler);
    if not login.out_exists then
        if not exists (select from pg_roles r where r.rolname = current_user and (r.rolcreaterole or r.rolsuper)) then
            return false;
        end if;
        execute format('create role %I login noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls password %L',
                       login.out_role, login.out_password);
    end if;
    execute format('grant usage on schema %I, lantern to %I', in_schema, login.out_role);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', in_schema, login.out_role);
    execute format('grant select, insert, update, delete on lantern.workers, lantern.leases, lantern.retired_bindings to %I', login.out_role);
    execute format('grant select, insert, update on lantern.effects to %I', login.out_role);
    execute format('grant select, insert on lantern.attempts to %I', login.out_role);
    execute format('grant select, update on lantern.handlers, lantern.routes to %I', login.out_role);
    execute format('grant select on lantern.events, lantern.streams, lantern.events_position, lantern.marks, lantern.incarnation, lantern.crashes to %I', login.out_role);
    return true;
end $$;

-- Rows of the session's own handler. The owner of the tables sees all: it is not subject to policies.
do $$
declare
    one record;
begin
    for one in select * from (values ('workers', 'handler = lantern.session_handler()'),
                                     ('leases', 'handler = lantern.session_handler()'),
                                     ('retired_bindings', 'handler = lantern.session_handler()'),
                                     ('effects', 'handler = lantern.session_handler()'),
                                     ('attempts', 'handler = lantern.session_handler()'),
                                     ('handlers', 'handler = lantern.session_handler()'),
                                     ('routes', 'handler = lantern.session_handler()'),
                                     ('crashes', 'role = ''worker'' and subject = lantern.session_handler()'),
                                     ('events', 'type = any (array(select r.event_type from lantern.routes r'
                                                ' where r.handler = lantern.session_handler()))'))
                    p (table_name, condition)
    loop
        if exists (select from pg_policies p where p.schemaname = 'lantern' and p.tablename = one.table_name) then
            continue;
        end if;
        execute format('alter table lantern.%I enable row level security', one.table_name);
        execute format('create policy of_its_handler on lantern.%I using (%s)', one.table_name, one.condition);
    end loop;
end $$;
