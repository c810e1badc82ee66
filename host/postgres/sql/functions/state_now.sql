-- How a handler stands, and why, and since when: as its row says, or `held` while a worker that lives and has some of its
-- partitions meets what only a person can repair. That worker's note begins with the word, goes with its heartbeat, and is
-- gone as soon as an event could be applied.
--   dead_ms  a worker whose heartbeat is older is taken for dead
create or replace function lantern.state_now(
    in_handler text, dead_ms bigint, out out_state text, out out_reason text, out out_since timestamptz)
returns setof record language sql stable as $$
    select case when w.note is null then h.state else 'held' end,
           coalesce(substr(w.note, length('held: ') + 1), h.state_reason), coalesce(w.progress_at, h.state_since)
      from lantern.handlers h
      left join lateral (
            select n.note, n.progress_at from lantern.workers n
             where n.handler = h.handler and n.note like 'held: %'
               and n.heartbeat_at > clock_timestamp() - dead_ms * interval '1 millisecond'
               and exists (select from lantern.leases l where l.handler = h.handler and l.worker_id = n.worker_id)
             order by n.progress_at limit 1) w on h.state in ('attached', 'detached')
     where h.handler = in_handler
$$;
