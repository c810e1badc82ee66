-- $1 handler
select generation, schema_version, declaration_hash from lantern.handlers where handler = $1
