-- $1 handler, $2 kind, $3 plugin, $4 plugin version, $5 schema version, $6 declaration, $7 its hash, $8 partitions,
-- $9 queues. Which queues are in force is changed by a worker that has bound others (lease_bound).
insert into lantern.handlers as h
    (handler, kind, plugin, plugin_version, schema_version, declaration, declaration_hash, partitions, queues)
values ($1, $2, $3, $4, $5::integer, $6::json, $7, $8::integer, $9)
on conflict (handler) do update
   set plugin = excluded.plugin, plugin_version = excluded.plugin_version,
       declaration = excluded.declaration,
       state = case when h.state = 'removed' then 'attached' else h.state end,
       state_since = case when h.state = 'removed' then now() else h.state_since end
returning handler_id
