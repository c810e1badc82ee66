-- $1 handler, $2 worker, $3 host, $4 pid, $5 plugin build, $6 note, $7 dead after ms, $8 queues, $9 partitions and
-- $10 up to where they are worked off, $11 events that a queue holds
select out_partition, out_epoch, out_feed_cursor, out_feed_target, out_release, out_queues, out_edge, out_published
  from lantern.lease_tick($1::text, $2::uuid, $3::text, $4::integer, $5::text, $6::text, $7::bigint, $8::text,
                          $9::integer[], $10::bigint[], $11::bigint)
