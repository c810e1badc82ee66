-- $1 handler, $2 partition, $3 worker, $4 epoch, $5 cursor
update lantern.leases set feed_cursor = greatest(feed_cursor, $5::bigint)
 where handler = $1 and partition = $2::integer and worker_id = $3::uuid and epoch = $4::bigint
