-- Of all handlers, the one that ran last first.
select handler, build, plugin, plugin_version, schema_version, declaration_hash, quarantined_at is not null,
       quarantined_why
  from lantern.builds order by handler, ran_at desc
