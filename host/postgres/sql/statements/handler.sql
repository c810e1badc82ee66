-- $1 handler
select handler_id, kind, plugin, plugin_version, schema_version, coalesce(declaration::text, 'null'), declaration_hash,
       generation, partitions, state, state_reason, state_since
  from lantern.handlers where handler = $1
