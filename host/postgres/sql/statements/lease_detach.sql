-- $1 handler, $2 why
select lantern.lease_detach($1::text, $2::text)
