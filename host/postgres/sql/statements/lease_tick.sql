-- $1 handler, $2 worker, $3 host, $4 pid, $5 plugin build, $6 note, $7 dead after ms, $8 queues
select out_partition, out_epoch, out_feed_cursor, out_feed_target, out_release
  from lantern.lease_tick($1::text, $2::uuid, $3::text, $4::integer, $5::text, $6::text, $7::bigint, $8::text)
