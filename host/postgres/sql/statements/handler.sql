-- $1 handler
select handler_id, kind, plugin, plugin_version, schema_version, coalesce(declaration::text, 'null'), declaration_hash,
       generation, partitions, state, state_reason, state_since, queues,
       plugin_build
  from lantern.handlers where handler = $1
