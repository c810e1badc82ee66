-- $1 handler, $2 build, $3 plugin, $4 its version, $5 schema version, $6 declaration's hash
insert into lantern.builds as b (handler, build, plugin, plugin_version, schema_version, declaration_hash)
values ($1, $2, $3, $4, $5::integer, $6)
on conflict (handler, build) do update set ran_at = clock_timestamp()
