-- $1 handler, $2 a worker is dead after ms
select handler_id, kind, plugin, plugin_version, schema_version, coalesce(declaration::text, 'null'), declaration_hash,
       generation, partitions, s.out_state, s.out_reason, s.out_since, queues,
       plugin_build
  from lantern.handlers h cross join lateral lantern.state_now(h.handler, $2::bigint) s where h.handler = $1
