-- Workers with the partitions that each holds, one row for each partition.
select w.handler, w.worker_id, w.host, w.pid, w.plugin_build, w.note, w.started_at, w.heartbeat_at, l.partition,
       greatest((extract(epoch from clock_timestamp() - w.heartbeat_at) * 1000)::bigint, 0)
  from lantern.workers w left join lantern.leases l on l.worker_id = w.worker_id
 order by w.handler, w.started_at, w.worker_id, l.partition
