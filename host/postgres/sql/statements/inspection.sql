-- What an operator wants to know of a server before trusting it.
select current_setting('server_version_num')::integer, current_setting('server_version'), current_user::text,
       current_database()::text,
       has_database_privilege(current_database(), 'CREATE'),
       r.rolsuper or r.rolcreaterole,
       coalesce(pg_has_role((select n.nspowner from pg_namespace n where n.nspname = 'lantern'), 'USAGE'), true),
       clock_timestamp(),
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
       (select count(*) from pg_stat_activity a
         where a.backend_type = 'client backend' and a.application_name not like 'lantern%'
           and a.pid <> pg_backend_pid()),
       pg_is_in_recovery(), current_setting('server_encoding'), current_setting('fsync')::boolean,
       current_setting('synchronous_commit')
  from pg_roles r where r.rolname = current_user
