-- $1 handler
select lantern.leases_fence($1::text)
