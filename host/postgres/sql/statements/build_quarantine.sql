-- $1 handler, $2 build, $3 why
select lantern.quarantine_build($1::text, $2::text, $3::text)
