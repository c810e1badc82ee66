-- $1 handler
select lantern.lease_bound($1::text)
