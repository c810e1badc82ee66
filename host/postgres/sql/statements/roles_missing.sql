-- Handlers that have no database role of their own.
select h.handler from lantern.handlers h
 where h.state <> 'removed' and not exists (select from pg_roles r where r.rolname = lantern.role_of(h.handler))
 order by h.handler
