-- What waits in each partition of each handler, and who holds it; partitions without a backlog are left out. Ages in
-- milliseconds, by the server's clock.
--   $1 how many unverified events of the store to look at, for each handler
--   $2 only handlers that take events and have a worker that was heard of in the last so many ms; null: all
--   $3 a worker is dead after ms
select h.handler, s.out_state, s.out_reason, b.partition, b.events, b.oldest_ms, w.host, w.pid,
       (extract(epoch from clock_timestamp() - w.heartbeat_at) * 1000)::bigint, coalesce(w.note, '')
  from lantern.handlers h
 cross join lateral (
       select ((u.out_stream % 32) % h.partitions)::integer as partition, count(*) as events,
              greatest((extract(epoch from clock_timestamp() - min(u.out_recorded_at)) * 1000)::bigint, 0) as oldest_ms
         from lantern.unverified(h.handler, $1::bigint) u
        where u.out_waits
        group by 1) b
 cross join lateral lantern.state_now(h.handler, $3::bigint) s
  left join lantern.leases l on l.handler = h.handler and l.partition = b.partition
  left join lantern.workers w on w.worker_id = l.worker_id
 where h.state <> 'removed'
   and ($2::bigint is null
        or h.state = 'attached'
           and exists (select from lantern.leases e join lantern.workers a on a.worker_id = e.worker_id
                        where e.handler = h.handler and a.heartbeat_at > clock_timestamp() - $2 * interval '1 millisecond'))
 order by h.handler, b.partition
