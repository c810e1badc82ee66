-- $1 handler, $2 queues, $3 partitions, $4 routing revision, $5 event types that are bound; null: all, $6 plugin build,
-- $7 events that a queue holds
select lantern.lease_bound($1::text, $2::text, $3::integer, $4::bigint, $5::text[], $6::text, $7::bigint)
