-- $1 handler, $2 build, $3 plugin, $4 its version, $5 schema version, $6 declaration's hash
select lantern.build_starts($1::text, $2::text, $3::text, $4::text, $5::integer, $6::text)
